// Data of unknown origin against the shape that it should have: a few combinators, for what is read often and must not
// need a library. A shape answers whether a value has it; objects may have more fields than it names.

export type Shape = (value: unknown) => boolean;

export const text: Shape = (value) => typeof value === 'string';
export const flag: Shape = (value) => typeof value === 'boolean';
export const number: Shape = (value) => typeof value === 'number' && Number.isFinite(value);
/** A whole number of things. */
export const count: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

export function whole(from: number, to: number): Shape {
  return (value) => Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to;
}

export function oneOf(...values: readonly unknown[]): Shape {
  return (value) => values.includes(value);
}

export function nullable(shape: Shape): Shape {
  return (value) => value === null || shape(value);
}

/** A field that may be missing. */
export function optional(shape: Shape): Shape {
  return (value) => value === undefined || shape(value);
}

export function list(shape: Shape, most = 2 ** 20): Shape {
  return (value) => Array.isArray(value) && value.length <= most && value.every(shape);
}

/** A list with one shape a place. */
export function tuple(...shapes: readonly Shape[]): Shape {
  return (value) =>
    Array.isArray(value) && value.length === shapes.length && shapes.every((shape, i) => shape(value[i]));
}

export function object(fields: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(fields);
  return (value) =>
    isObject(value) &&
    entries.every(([name, shape]) =>
      shape(Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined),
    );
}

/**
 * The shape of a sample of plain data: the same fields, numbers finite, arrays of the same length. Where the sample has
 * null there may be a number, or an object of numbers.
 */
export function like(sample: unknown): Shape {
  if (sample === null) {
    return (value) => value === null || number(value) || (isObject(value) && Object.values(value).every(number));
  }
  if (Array.isArray(sample)) return tuple(...sample.map(like));
  if (typeof sample === 'number') return number;
  if (typeof sample === 'object') {
    return object(Object.fromEntries(Object.entries(sample).map(([name, part]) => [name, like(part)])));
  }
  return (value) => typeof value === typeof sample;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
