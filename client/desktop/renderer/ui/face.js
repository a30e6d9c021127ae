/**
 * The one object that the parts of the face hand to each other. Types only; ui/page.js makes it.
 *
 * @typedef {import("../types.js").State} State
 * @typedef {import("../types.js").Messenger} Messenger
 * @typedef {import("../types.js").Desktop & {desktop: boolean,
 *   watchSaving: (listener: ((saving: import("../types.js").Saving) => void) | null) => void}} Platform
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Echo} Echo
 * @typedef {import("../vendor/lit-html/lit-html.js").TemplateResult | typeof import("../vendor/lit-html/lit-html.js").nothing}
 *   Template
 */

/**
 * Dialogs, menus, pickers and toasts; ui/overlays.js makes them. `say`: as `announce` of the face. `makeWay`: one goes to a
 * chat, and all that lies over it is closed, but what is typed and not saved.
 * @typedef {{
 *   template: (state: State) => unknown,
 *   open: (name: string, params?: Record<string, any>) => void,
 *   menu: (kind: "message" | "echo" | "chat", params: Record<string, any>, at: Element | {x: number, y: number}) => void,
 *   emoji: (anchor: Element, onPick: (emoji: string) => void) => void,
 *   showMenu: (menu: import("./parts/menu.js").Menu, at: Element | {x: number, y: number}) => void,
 *   toast: (toast: {text: string, action?: string, run?: () => void}) => void,
 *   say: (text: string) => void,
 *   confirm: (question: {title: string, text?: string, act: string, danger?: boolean}) => Promise<boolean>,
 *   closeTop: () => boolean,
 *   closePopup: () => void,
 *   makeWay: () => void,
 *   closeAll: () => void,
 *   busy: () => boolean,
 * }} Overlays
 */

/**
 * `redraw` asks for one render in the next animation frame; `redrawComposer`: of the composer alone. `reply` starts (or, with null, ends) a reply; `edit` puts a
 * message of one's own into the composer; `announce` tells an outcome to who hears the page instead of seeing it.
 * `ended` is given when the log-in is over that the part belongs to. `openChat` also moves the focus where it belongs;
 * `select` begins to choose several messages; `openPlace` goes where a link of ours leads. `openFound`: from
 * the results of a search, which are shown again (overlays: find-messages) by whoever goes back.
 * `showMessage` scrolls there and marks it for a moment; `showDay` to the first message of a time. `back`: to where one was
 * before that, in the same chat.
 * @typedef {{
 *   messenger: Messenger,
 *   ended: AbortSignal,
 *   platform: Platform,
 *   overlays: Overlays,
 *   redraw: () => void,
 *   redrawComposer: () => void,
 *   reply: (chatId: number, message: Message | null) => void,
 *   edit: (chatId: number, target: Message | Echo) => void,
 *   announce: (text: string) => void,
 *   select: (chatId: number, seq: number) => void,
 *   openPlace: (place: import("../state/places.js").Place) => Promise<void>,
 *   openFound: (place: import("../state/places.js").Place, results: unknown) => Promise<void>,
 *   openChat: (chatId: number | null) => void,
 *   focusComposer: () => void,
 *   showMessage: (chatId: number, seq: number, focus?: boolean) => Promise<boolean>,
 *   showDay: (chatId: number, at: string) => Promise<import("../types.js").Done | import("../types.js").Refused>,
 *   back: {isPossible: () => boolean, go: () => void, settle: () => void},
 * }} Face
 */

export {};
