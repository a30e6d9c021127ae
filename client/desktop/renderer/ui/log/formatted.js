/** The text of a message as nodes: marks, code, quotes, links, mentions, spoilers (docs/text.md). Never HTML of others. */

import { plainInline } from "../../words/markup-plain.js";
import { parse } from "../../words/markup.js";
import { nameOf } from "../../words/names.js";
import { placeOfLink } from "../../state/places.js";
import { places } from "../../words/search.js";
import { shownLink } from "../../words/shown-link.js";
import { keyed } from "../../vendor/lit-html/directives/keyed.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { codeBlock } from "./code-block.js";
import { openLink } from "./external-links.js";
import { marked } from "../parts/marked.js";
import { spoiler } from "./spoiler.js";

/**
 * @typedef {import("../../words/markup.js").Block} Block
 * @typedef {import("../../words/markup.js").Inline} Inline
 * @typedef {import("../face.js").Face} Face
 * @typedef {Pick<import("./bubble.js").Around, "state" | "chat" | "query">} Around
 */

/**
 * Another text is drawn anew, so that no spoiler of it is open. Each block is a text of its own for the direction of writing.
 * @param {Face} face @param {string} text @param {Around} around
 */
export function richText(face, text, around) {
  return keyed(text, blocks(face, parse(text), around));
}

/** @param {Face} face @param {readonly Block[]} found @param {Around} around @returns {unknown} */
function blocks(face, found, around) {
  return found.map((block) => {
    if (block.type === "code_block") return codeBlock(face, block);
    if (block.type === "quote") return html`<blockquote>${blocks(face, block.children, around)}</blockquote>`;
    return html`<p dir="auto">${inline(face, block.children, around)}</p>`;
  });
}

/** @param {Face} face @param {readonly Inline[]} nodes @param {Around} around @returns {unknown[]} */
function inline(face, nodes, around) {
  return nodes.map((node) => {
    switch (node.type) {
      case "text":
        return words(node.text, around);
      case "code":
        return html`<code>${words(node.text, around)}</code>`;
      case "link":
        return link(face, node);
      case "place":
        return place(face, node);
      case "mention":
        return mention(face, node, around);
      case "mention_all":
        return around.chat.is_group ? html`<span class="mention mention--me">${node.text}</span>` : node.text;
      case "styled":
        return styled(face, node, around);
    }
  });
}

/** @param {Face} face @param {Inline & {type: "styled"}} node @param {Around} around */
function styled(face, { style, children }, around) {
  const inner = inline(face, children, around);
  if (style === "bold") return html`<strong>${inner}</strong>`;
  if (style === "italic") return html`<em>${inner}</em>`;
  return style === "struck" ? html`<s>${inner}</s>` : spoiler(face, plainInline(children, null), inner);
}

/** @param {string} text @param {Around} around */
function words(text, { query }) {
  return query ? marked(text, places(text, query)) : text;
}

/** @param {Face} face @param {{text: string, href: string}} node */
function link(face, node) {
  const shown = shownLink(node);
  if (!shown) return node.text;
  const { text, href } = shown;
  /** @param {MouseEvent} event */
  const open = (event) => {
    const opens = event.type === "click" || event.button === 1;
    const here = placeOfLink(href, face.messenger.state().server.url);
    if (here && event.type === "click") {
      event.preventDefault();
      void face.openPlace(here);
      return;
    }
    // a browser goes to what is safe by itself
    if (!opens || (!face.platform.desktop && !href.startsWith("http:"))) return;
    event.preventDefault();
    void openLink(face, href);
  };
  return html`<a href=${href} target="_blank" rel="noopener noreferrer" title=${href} @click=${open} @auxclick=${open}
    ><bdi>${text}</bdi></a
  >`;
}

/** A message of a chat. @param {Face} face @param {Inline & {type: "place"}} node */
function place(face, { text, chat_id, seq }) {
  /** @param {MouseEvent} event */
  const open = (event) => {
    event.preventDefault();
    void face.openPlace({ chat_id, seq });
  };
  return html`<a href="#chat/${chat_id}/${seq}" @click=${open}>${text}</a>`;
}

/** A chip that leads to the person, where the username is one of somebody here.
 * @param {Face} face @param {Inline & {type: "mention"}} node @param {Around} around */
function mention(face, { text, username }, { state, chat }) {
  const user = personNamed(username, chat, state);
  if (!user) return text;
  const own = user.id === state.me?.id;
  /** @param {MouseEvent} event */
  const open = (event) => {
    event.preventDefault();
    face.overlays.open("person", { userId: user.id });
  };
  return html`<a
    class="mention ${own ? "mention--me" : ""}"
    href="#person/${user.id}"
    title=${nameOf(user)}
    @click=${open}
    ><bdi>${text}</bdi></a
  >`;
}

/** By the members that it was made of. @type {WeakMap<object, Map<string, import("../../types.js").User>>} */
const byName = new WeakMap();

/** @param {string} username @param {import("../../types.js").ChatView} chat @param {import("../../types.js").State} state */
function personNamed(username, { members, peer }, { me }) {
  const near = [me, peer].find((user) => user?.username === username);
  if (near || !members) return near ?? null;
  let found = byName.get(members);
  if (!found) {
    found = new Map(members.map(({ user }) => [user.username, user]));
    byName.set(members, found);
  }
  return found.get(username) ?? null;
}
