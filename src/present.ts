/** The items that are present. For lists in which some items depend on a condition. */
export function present<Item>(items: readonly (Item | undefined | null | false | '')[]): Item[] {
  return items.filter((item): item is Item => Boolean(item));
}

type Defined<Values> = {
  [Name in keyof Values as undefined extends Values[Name] ? Name : never]?: Exclude<Values[Name], undefined>;
} & { [Name in keyof Values as undefined extends Values[Name] ? never : Name]: Values[Name] };

/** The object without the keys that have no value. An absent key and one that is undefined differ in a request and in JSON. */
export function defined<Values extends object>(values: Values): Defined<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<Values>;
}
