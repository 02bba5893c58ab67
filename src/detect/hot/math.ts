// What is asked of JavaScript's own Math: AssemblyScript's functions of these names differ from it in the last digit.

export declare function exp(x: f64): f64;
export declare function log(x: f64): f64;
export declare function log1p(x: f64): f64;
export declare function pow(base: f64, exponent: f64): f64;
