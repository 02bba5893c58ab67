/** The loops over rows, compiled (scripts/hot.mjs): WebAssembly in base64. */
export const CODE: string;
