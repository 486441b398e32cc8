/**
 * Packages that the bundle leaves outside: native code or wasm, found by their own path. They are what an installed
 * package depends on; all other code is in dist/, so that its packages are for those who work on a clone.
 */
export const OUTSIDE: readonly string[] = ["better-sqlite3", "@matrix-org/matrix-sdk-crypto-wasm"];
