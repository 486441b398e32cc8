/** Every transform there is. Nothing registers itself. */
import type { Transform } from "../src/core/transform.ts";

export const TRANSFORMS: readonly Transform[] = [];

export const transformById = (id: string): Transform | undefined => TRANSFORMS.find((transform) => transform.id === id);
