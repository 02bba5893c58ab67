// What is asked of JavaScript's own Math, so that both give the same last digit.

export declare function log(x: f64): f64;
