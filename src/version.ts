/** The program's version, as its package has it (test/package.test.ts). */
export const VERSION = "0.1.0";
