/** The scan, compiled (scripts/hot.mjs): WebAssembly in base64. */
export const CODE: string;
