/** A DOMStringList: names in order, as an array that also answers by place and by name. */
export type NameList = readonly string[] & {
  item(at: number): string | null;
  contains(name: string): boolean;
};

export function nameList(names: Iterable<string>): NameList {
  const sorted = [...names].sort();
  return Object.assign(sorted, {
    item: (at: number) => sorted[at] ?? null,
    contains: (name: string) => sorted.includes(name),
  });
}
