/** What a picture is seen through: it is zoomed and moved here by wheel, pointers, fingers and keys. */

import { WHOLE, fitted, heldIn, zoomedAt } from "../../../words/zoom.js";

/** @typedef {import("../../../words/zoom.js").View} View @typedef {{x: number, y: number}} Point */

const MOST = 8;
/** What a step of the keys and the buttons does. */
const STEP = 1.5;
/** To where a double click goes. */
const CLOSE = 2.5;
/** Pixels that Shift and an arrow move it. */
const MOVE = 80;
/** Pixels that a finger goes aside for another picture, or down to close. */
const SWIPE = 60;

export class Stage {
  /** @type {View} */
  view = WHOLE;
  /** @type {HTMLElement | null} */
  #element = null;
  /** The fingers, or the pointer. @type {Map<number, Point>} */
  #pointers = new Map();
  /** Where one finger came down. @type {Point | null} */
  #from = null;
  /** Of the picture. */
  #size = { width: 1, height: 1 };

  /** @param {{swiped: (direction: "left" | "right" | "down") => void, changed: () => void}} events */
  constructor(events) {
    this.events = events;
  }

  /** @param {Element | undefined} element */
  attach = (element) => {
    this.#element = element instanceof HTMLElement ? element : null;
    this.#draw();
    if (this.#element) queueMicrotask(this.events.changed); // now it is known how large it is
  };

  /** Another picture, seen whole. @param {{width: number | null, height: number | null}} size */
  show({ width, height }) {
    this.#size = { width: width || 1, height: height || 1 };
    this.#set(WHOLE);
    this.events.changed();
  }

  /** Pixels of the screen that it takes at most as it is. */
  get pixels() {
    return this.#fitted().width * this.view.scale * devicePixelRatio;
  }

  /** @param {1 | -1} direction */
  step(direction) {
    this.#zoom(this.view.scale * STEP ** direction, { x: 0, y: 0 });
  }

  whole() {
    this.#set(WHOLE);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was a key of ours */
  key({ key, shiftKey }) {
    /** @type {Record<string, Point>} */
    const moves = {
      ArrowLeft: { x: MOVE, y: 0 },
      ArrowRight: { x: -MOVE, y: 0 },
      ArrowUp: { x: 0, y: MOVE },
      ArrowDown: { x: 0, y: -MOVE },
    };
    if (key === "+" || key === "=") this.step(1);
    else if (key === "-" || key === "_") this.step(-1);
    else if (key === "0") this.whole();
    else if (key in moves && (shiftKey || (this.view.scale > 1 && moves[key].x === 0))) this.#move(moves[key]);
    else return false;
    return true;
  }

  /** @param {WheelEvent} event */
  wheel = (event) => {
    event.preventDefault();
    this.#zoom(this.view.scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), this.#point(event));
  };

  /** @param {MouseEvent} event */
  doubled = (event) => {
    if (this.view.scale > 1) this.whole();
    else this.#zoom(CLOSE, this.#point(event));
  };

  /** @param {PointerEvent} event */
  down = (event) => {
    if (event.button !== 0) return;
    this.#element?.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#point(event));
    this.#from = this.#pointers.size === 1 ? this.#point(event) : null;
  };

  /** @param {PointerEvent} event */
  moved = (event) => {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#point(event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, now);
    if (!other) {
      if (this.view.scale > 1) this.#move({ x: now.x - before.x, y: now.y - before.y });
      return;
    }
    const factor = distance(now, other) / Math.max(1, distance(before, other));
    this.#zoom(this.view.scale * factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  };

  /** @param {PointerEvent} event */
  up = (event) => {
    const known = this.#pointers.delete(event.pointerId);
    const from = this.#from;
    this.#from = null;
    if (!known || !from || event.pointerType !== "touch" || event.type !== "pointerup" || this.view.scale > 1) return;
    const { x, y } = this.#point(event);
    const [aside, down] = [x - from.x, y - from.y];
    if (Math.abs(aside) > SWIPE && Math.abs(aside) > Math.abs(down)) this.events.swiped(aside < 0 ? "left" : "right");
    else if (down > SWIPE) this.events.swiped("down");
  };

  /** @param {MouseEvent} event @returns {Point} from the middle */
  #point({ clientX, clientY }) {
    const { left, top, width, height } = this.#through();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  #through() {
    return this.#element?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
  }

  #fitted() {
    return fitted(this.#size, this.#through());
  }

  /** @param {number} scale @param {Point} at */
  #zoom(scale, at) {
    this.#set(zoomedAt(this.view, Math.min(Math.max(scale, 1), MOST), at));
  }

  /** @param {Point} by */
  #move({ x, y }) {
    this.#set({ ...this.view, x: this.view.x + x, y: this.view.y + y });
  }

  /** @param {View} view */
  #set(view) {
    const before = this.view.scale;
    this.view = heldIn(view, this.#fitted(), this.#through());
    this.#draw();
    if (this.view.scale !== before) this.events.changed();
  }

  #draw() {
    const moved = this.#element?.firstElementChild;
    if (!(moved instanceof HTMLElement)) return;
    const { scale, x, y } = this.view;
    moved.style.transform = scale === 1 ? "" : `translate(${x}px, ${y}px) scale(${scale})`;
    this.#element?.classList.toggle("is-zoomed", scale > 1);
  }
}

/** @param {Point} one @param {Point} other */
const distance = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);
