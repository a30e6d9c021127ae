/** A menu of actions: opened from a button, a right click or Shift F10; wholly usable from the keyboard. */

import { ref } from "../../vendor/lit-html/directives/ref.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { findAll } from "./elements.js";
import { icon } from "./icon.js";
import { place } from "./popup.js";
import { step } from "./roving.js";

/**
 * `checked`: one of several that exclude one another, chosen or not. An item, or null for a line between groups.
 * @typedef {{label: string, icon: string, key?: string, danger?: boolean, checked?: boolean, run: () => void}} MenuItem
 * `quick`: signs in a row above the items, of which `on` are chosen; `more` opens all of them.
 * @typedef {{signs: readonly string[], on: readonly string[], label: (sign: string) => string,
 *   run: (sign: string) => void, more: {label: string, run: (at: Element) => void}}} Quick
 * @typedef {{label: string, items: (MenuItem | null)[], quick?: Quick}} Menu
 */

const TYPED_TOGETHER = 700;

/**
 * @param {Menu} menu @param {import("./popup.js").Anchor} at @param {() => void} close gives the focus back
 */
export function createMenu(menu, at, close) {
  let typed = "";
  let typedAt = 0;

  /** @param {Element | undefined} element */
  function attach(element) {
    if (!(element instanceof HTMLElement)) return;
    queueMicrotask(() => {
      place(element, at);
      const items = itemsOf(element);
      (items.find((item) => !item.dataset.quick) ?? items[0])?.focus({ preventScroll: true });
    });
  }

  /** @param {KeyboardEvent & {currentTarget: Element}} event */
  function keys(event) {
    const items = itemsOf(event.currentTarget);
    const here = items.findIndex((item) => item === document.activeElement);
    const next = step(sideways(event, items[here]), here, items.length) ?? typeAhead(event, items, here);
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (next === null) return;
    else items[next]?.focus();
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event @param {HTMLElement[]} items @param {number} here @returns {number | null} */
  function typeAhead(event, items, here) {
    if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.altKey || event.metaKey) return null;
    typed = event.timeStamp - typedAt > TYPED_TOGETHER ? event.key : typed + event.key;
    typedAt = event.timeStamp;
    const from = typed.length === 1 ? here + 1 : here;
    const around = items.map((_, index) => (from + index) % items.length);
    const wanted = typed.toLowerCase();
    return around.find((index) => items[index].textContent?.trim().toLowerCase().startsWith(wanted)) ?? here;
  }

  /** @param {MenuItem | null} item */
  function row(item) {
    if (item === null) return html`<div class="menu__line" role="separator"></div>`;
    const choose = () => {
      close();
      item.run();
    };
    return html`<button
      type="button"
      role=${item.checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked=${item.checked ?? nothing}
      tabindex="-1"
      class=${item.danger ? "is-danger" : ""}
      @click=${choose}
      @pointermove=${focusHere}
    >
      ${icon(item.icon)}<span>${item.label}</span>${item.checked ? icon("check", "menu__check") : nothing}${item.key ? html`<kbd aria-hidden="true">${item.key}</kbd>` : nothing}
    </button>`;
  }

  /** @param {Quick} quick */
  function signs({ signs: offered, on, label, run, more }) {
    /** @param {() => void} act */
    const chosen = (act) => () => {
      close();
      act();
    };
    return html`<div class="menu__quick" role="group" aria-label=${more.label}>
      ${offered.map(
        (sign) =>
          html`<button
            type="button"
            role="menuitemcheckbox"
            tabindex="-1"
            data-quick="sign"
            class="ibtn"
            aria-checked=${on.includes(sign)}
            aria-label=${label(sign)}
            title=${label(sign)}
            @click=${chosen(() => run(sign))}
            @pointermove=${focusHere}
          >
            ${sign}
          </button>`,
      )}
      <button
        type="button"
        role="menuitem"
        tabindex="-1"
        data-quick="more"
        class="ibtn"
        aria-label=${more.label}
        title=${more.label}
        @click=${chosen(() => more.run(anchorOf(at)))}
        @pointermove=${focusHere}
      >
        ${icon("react")}
      </button>
    </div>`;
  }

  return {
    // a menu belongs to a region of the page, for those who walk by regions
    template: () =>
      html`<section aria-label=${menu.label}>
        <div class="menu" role="menu" aria-label=${menu.label} @keydown=${keys} @contextmenu=${prevent} ${ref(attach)}>
          ${menu.quick ? signs(menu.quick) : nothing} ${menu.items.map(row)}
        </div>
      </section>`,
  };
}

/** @param {Event} event */
const prevent = (event) => event.preventDefault();

/** @param {PointerEvent & {currentTarget: HTMLElement}} event */
const focusHere = ({ currentTarget }) => currentTarget.focus({ preventScroll: true });

/** @param {Element} list */
const itemsOf = (list) => findAll(list, "[role^=menuitem]", HTMLElement);

/** In the row of signs left and right lead as up and down do. @param {KeyboardEvent} event @param {HTMLElement | undefined} item */
function sideways({ key }, item) {
  if (!item?.dataset.quick) return { key };
  return { key: key === "ArrowRight" ? "ArrowDown" : key === "ArrowLeft" ? "ArrowUp" : key };
}

/** Where a picker may stand that is opened from here: at an element, else at the body. @param {import("./popup.js").Anchor} at */
function anchorOf(at) {
  return at instanceof Element ? at : (document.elementFromPoint(at.x, at.y) ?? document.body);
}
