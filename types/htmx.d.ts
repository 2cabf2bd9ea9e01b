// The part of htmx 2 that the scripts use. The package django-js-lib-htmx contains htmx, and defines a global variable.

interface Htmx {
  ajax(verb: "GET", path: string, context: { target: string }): Promise<void>;
  swap(target: string | Element, content: string, specification: { swapStyle: "innerHTML" | "outerHTML" }): void;
  trigger(element: string | Element, event: string | null, detail?: object): boolean;
}

// Not const: only var declares a property of globalThis.
declare var htmx: Htmx;

interface HtmxRequestConfig {
  elt: HTMLElement;
  verb: string;
}

interface HtmxRequest {
  elt: HTMLElement;
  xhr: XMLHttpRequest;
  requestConfig?: HtmxRequestConfig;
}

interface DocumentEventMap {
  "htmx:afterRequest": CustomEvent<HtmxRequest>;
  "htmx:afterSettle": CustomEvent<HtmxRequest>;
  "htmx:beforeRequest": CustomEvent<HtmxRequest>;
  "htmx:beforeSwap": CustomEvent<HtmxRequest & { isError: boolean; shouldSwap: boolean }>;
  "htmx:configRequest": CustomEvent<{ elt: HTMLElement; headers: Record<string, string | undefined> }>;
  "htmx:historyCacheMiss": CustomEvent<{ xhr: XMLHttpRequest }>;
  "htmx:historyCacheMissLoadError": CustomEvent<{ xhr: XMLHttpRequest }>;
  "htmx:historyRestore": CustomEvent;
  "htmx:load": CustomEvent<{ elt: HTMLElement }>;
  "htmx:pushedIntoHistory": CustomEvent;
  "htmx:replacedInHistory": CustomEvent;
  "htmx:responseError": CustomEvent<HtmxRequest>;
  "htmx:sendError": CustomEvent<HtmxRequest>;
}
