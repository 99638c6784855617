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

/** Make an SVG element. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value !== "function") setAttribute(made, name, value);
  }
  made.append(...present(children));
  return made;
}

/** A window over the page, or beside the call, with a title and a button that closes it. */
export function sheet(
  id: string,
  title: string,
  close: (closed: () => void) => HTMLElement,
  ...children: Child[]
): HTMLDialogElement {
  const dialog: HTMLDialogElement = element("dialog", { class: "sheet", id, "aria-labelledby": `${id}-title` });
  const heading = element("h2", { id: `${id}-title`, tabindex: -1 }, title);
  dialog.append(
    element(
      "header",
      {},
      heading,
      close(() => dialog.close()),
    ),
    ...present(children),
  );
  return dialog;
}
