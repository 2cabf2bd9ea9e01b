// Types for the scripts in static/. Browsers never get this file.

/** The elements that scripts use, by id. Elements that only some pages have may be null. */
interface PageElements {
  alerts: HTMLElement;
  drop: HTMLFormElement | null;
  "drop-state": HTMLElement;
  file: HTMLInputElement | null;
  forget: HTMLButtonElement;
  images: HTMLElement | null;
  "images-title": HTMLElement | null;
  kept: HTMLTemplateElement;
  lightbox: HTMLDialogElement;
  "lightbox-image": HTMLImageElement;
  "lightbox-name": HTMLAnchorElement;
  "lightbox-place": HTMLElement;
  pending: HTMLTemplateElement;
  queue: HTMLOListElement;
  recent: HTMLOListElement;
  "retry-all": HTMLButtonElement;
  running: HTMLElement;
  status: HTMLElement;
  "tab-images": HTMLAnchorElement;
  "tab-upload": HTMLAnchorElement;
  theme: HTMLFieldSetElement;
  upload: HTMLElement | null;
  "upload-tab": HTMLTemplateElement;
  uploads: HTMLElement;
  "uploads-bar": HTMLElement;
}

interface GetById {
  <I extends keyof PageElements>(id: I): PageElements[I];
  (id: string): HTMLElement | null;
}

interface Find {
  <K extends keyof HTMLElementTagNameMap>(root: ParentNode, selector: K): HTMLElementTagNameMap[K];
  (root: ParentNode, selector: string): HTMLElement;
}

/** What imagehost/web/page_texts.py writes into <meta name="imagehost">. */
interface PageSettings {
  release: string;
  maxFileSize: number;
  head: number;
  kinds: string[];
  formatsUrl: string;
  uploadUrl: string;
  texts: Record<string, string>;
}

/** The answer of /formats: each format has a signature, a name, and the index of its advice. */
interface OtherFormats {
  formats: [signature: string, name: string, advice: number][];
  advice: string[];
}

type TabName = "upload" | "images";

/** The content that the browser has for a tab, and what to do after it was shown. */
interface TabContent {
  html: () => string | null;
  onShow?: () => void;
}

type QueueState = "idle" | "busy" | "done" | "refused";

interface QueueNumbers {
  left: number;
  done: number;
  all: number;
}

/** What happens during the request of an upload. */
interface SendingListeners {
  onProgress: (share: number) => void;
  onDone: (request: XMLHttpRequest) => void;
  onRefused: (sentence: string) => void;
}

/** An upload that this browser keeps. */
interface KeptUpload {
  id: string;
  name: string;
  url: string;
  view_url: string;
  thumbnail_url: string;
}

/** The first page of the list that this browser keeps. */
interface KeptList {
  kind?: string;
  etag?: string;
  html?: string;
}

// This project has no SVG elements in its selectors, so elements that are found by a selector are HTML elements.
interface ParentNode {
  querySelector<K extends keyof HTMLElementTagNameMap>(selectors: K): HTMLElementTagNameMap[K] | null;
  querySelector<E extends HTMLElement = HTMLElement>(selectors: string): E | null;
  querySelectorAll<K extends keyof HTMLElementTagNameMap>(selectors: K): NodeListOf<HTMLElementTagNameMap[K]>;
  querySelectorAll<E extends HTMLElement = HTMLElement>(selectors: string): NodeListOf<E>;
}

