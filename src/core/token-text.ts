/** How a token looks where people and programs meet it. Apart from ids.ts, so that the command line stays light. */

/**
 * What the holder of a token is shown begins with this, so that it is known wherever it turns up; then 256 random
 * bits.
 */
export const TOKEN_PREFIX = "lzt_";
