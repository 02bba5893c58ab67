// One span of time for all charts over time: chosen by dragging over a plot, or by buttons.

import type { LiveChart } from './live.js';

/** Milliseconds; below, an axis has nothing to tell apart. */
const LEAST_SPAN = 100;
/** Pixels that make a drag out of a click. */
const LEAST_DRAG = 5;

export class Zoom {
  private readonly whole: readonly [number, number];
  private from: number;
  private to: number;
  private readonly told: HTMLOutputElement;
  private readonly buttons: [HTMLButtonElement, () => boolean][] = [];

  constructor(
    bar: HTMLElement,
    private readonly charts: readonly LiveChart[],
  ) {
    this.from = Number(charts[0]?.signal('from'));
    this.to = Number(charts[0]?.signal('to'));
    this.whole = [this.from, this.to];
    this.told = document.createElement('output');
    bar.append(this.told);
    const isWhole = () => this.from === this.whole[0] && this.to === this.whole[1];
    this.button(
      bar,
      '◀',
      'Earlier',
      () => this.move(-0.5),
      () => this.from <= this.whole[0],
    );
    this.button(
      bar,
      '▶',
      'Later',
      () => this.move(0.5),
      () => this.to >= this.whole[1],
    );
    this.button(
      bar,
      '+',
      'Zoom in',
      () => this.scale(0.5),
      () => this.to - this.from <= 2 * LEAST_SPAN,
    );
    this.button(bar, '−', 'Zoom out', () => this.scale(2), isWhole);
    this.button(bar, 'Whole time', 'Whole time', () => this.show(...this.whole), isWhole);
    bar.hidden = false;
    for (const chart of charts) this.watch(chart);
    this.tell();
  }

  private button(bar: HTMLElement, face: string, name: string, act: () => void, idle: () => boolean): void {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = face;
    // The arrows and signs have names; a word is its own.
    if (!/^\w/.test(face)) button.setAttribute('aria-label', name);
    button.title = name;
    button.addEventListener('click', act);
    bar.append(button);
    this.buttons.push([button, idle]);
  }

  private move(part: number): void {
    const span = this.to - this.from;
    const from = Math.min(Math.max(this.whole[0], this.from + span * part), this.whole[1] - span);
    this.show(from, from + span);
  }

  private scale(factor: number): void {
    const middle = (this.from + this.to) / 2;
    const half = ((this.to - this.from) * factor) / 2;
    this.show(middle - half, middle + half);
  }

  private show(from: number, to: number): void {
    this.from = Math.max(this.whole[0], Math.round(from));
    this.to = Math.min(this.whole[1], Math.round(to));
    for (const chart of this.charts) void chart.set({ from: this.from, to: this.to });
    this.tell();
  }

  /** The times are the axes' own: UTC, or moved to the zone of the report. */
  private tell(): void {
    const [a, b] = [this.from, this.to].map((time) => new Date(time).toISOString().replace('T', ' ').slice(0, 19));
    this.told.textContent = `${a} – ${a?.slice(0, 10) === b?.slice(0, 10) ? b?.slice(11) : b}`;
    for (const [button, idle] of this.buttons) button.disabled = idle();
  }

  /** Dragging over a plot chooses a span; a double click shows the whole. */
  private watch(chart: LiveChart): void {
    let start: number | null = null;
    const brush = document.createElement('div');
    brush.className = 'brush';
    const edges = (clientX: number): [number, number] => {
      const { left, right } = chart.plot();
      const x = Math.min(right, Math.max(left, clientX));
      return start === null || x < start ? [x, start ?? x] : [start, x];
    };
    chart.live.addEventListener('pointerdown', (event) => {
      const { left, right } = chart.plot();
      if (event.button !== 0 || event.clientX < left || event.clientX > right) return;
      start = event.clientX;
      chart.live.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    chart.live.addEventListener('pointermove', (event) => {
      if (start === null) return;
      const [low, high] = edges(event.clientX);
      const { left } = chart.live.getBoundingClientRect();
      brush.style.left = `${low - left}px`;
      brush.style.width = `${high - low}px`;
      chart.live.parentElement?.append(brush);
    });
    chart.live.addEventListener('pointerup', (event) => {
      if (start === null) return;
      const [low, high] = edges(event.clientX);
      const { left, width } = chart.plot();
      start = null;
      brush.remove();
      const at = (x: number) => this.from + ((x - left) / width) * (this.to - this.from);
      if (high - low >= LEAST_DRAG && at(high) - at(low) >= LEAST_SPAN) this.show(at(low), at(high));
    });
    chart.live.addEventListener('pointercancel', () => {
      start = null;
      brush.remove();
    });
    chart.live.addEventListener('dblclick', () => this.show(...this.whole));
  }
}
