/** Builds elements without a framework: text is always text, never markup. */

type Child = Node | string | null | undefined | false;
type Handler = (event: never) => void;
/** Attributes; `on…` are event listeners, false and null leave an attribute out, true sets it empty. */
export type Attributes = Record<string, string | number | boolean | null | undefined | Handler>;

/** Make an element. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value as EventListener);
    else setAttribute(made, name, value);
  }
  made.append(...present(children));
  return made;
}

/** Set or remove an attribute as `element` would. */
export function setAttribute(target: Element, name: string, value: string | number | boolean | null | undefined): void {
  if (value === false || value === null || value === undefined) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? "" : String(value));
}

/** Put these and nothing else into an element. */
export function fill(target: Element, ...children: Child[]): void {
  target.replaceChildren(...present(children));
}

function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false);
}
