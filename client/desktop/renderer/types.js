/**
 * The shapes that the rooms of the desktop client hand to each other; types only, nothing runs here.
 * What travels over the network keeps the field names of docs/protocol.md.
 */

/**
 * @typedef {{id: number, username: string, display_name: string, avatar_url?: string | null, created_at: string,
 *   online?: boolean | null, last_seen_at?: string | null, deleted?: boolean}} User
 * @typedef {User & {email?: string | null, email_verified?: boolean, role?: "admin", hide_last_seen?: boolean,
 *   hide_reads?: boolean, login_letters?: boolean}} PrivateUser
 * @typedef {{type: "message", id: number, chat_id: number, seq: number, rev: number, sender_id: number,
 *   content: string | null, created_at: string, edited_at?: string | null, deleted: boolean, reply_to?: number | null,
 *   attachments?: Attachment[], reactions?: Reaction[], cid: string,
 *   mentions?: number[], mentions_all?: boolean, forwarded?: {user_id: number, display_name: string} | null}} Message
 * @typedef {{type: "event", chat_id: number, seq: number, event: string, actor_id: number, created_at: string,
 *   target_seq?: number | null, data: Record<string, any>}} Event
 * @typedef {{type: "hidden", chat_id: number, seq: number, created_at?: string | null}} Hidden
 * @typedef {Message | Event | Hidden} Item
 * @typedef {{user: User, role: "member" | "admin", joined_at: string, read_seq: number, delivered_seq: number}} Member
 */

/** An account as those see it who keep the server; a log-in; lines of what they did; how much there is; an invitation.
 * @typedef {{id: number, username: string, display_name: string, avatar_url: string | null, created_at: string,
 *   email: string | null, role: "member" | "admin", disabled_at: string | null, last_seen_at: string | null,
 *   sessions: number, file_bytes: number}} Account
 * @typedef {{id: number | string, device: string, created_at: string, last_used_at: string, address: string | null,
 *   current: boolean}} SessionInfo
 * @typedef {{id: number, username: string, display_name: string}} NamedPerson
 * @typedef {{id: number, at: string, actor: NamedPerson | null, action: string, subject: NamedPerson | null,
 *   invite_id: number | null, address: string | null}} AuditLine
 * @typedef {{people: number, disabled: number, sessions: number, chats: number, messages: number, files: number,
 *   file_bytes: number}} Sizes
 * @typedef {{id: number, chat_id: number | null, created_by: number | null, uses: number, used: number,
 *   expires_at: string, revoked: boolean}} Invite */
/** One emoji under a message. `user_ids`: the first 20 who chose it, and whoever else is known to have; oneself among them.
 * @typedef {{emoji: string, count: number, user_ids: number[]}} Reaction */
/** A file that a message holds. `preview_url`: where the server made a smaller picture of it.
 * @typedef {{id: string, url: string, name: string, size: number, content_type: string, width: number | null,
 *   height: number | null, preview_url?: string | null, created_at?: string}} Attachment
 * @typedef {{file: Attachment, seq: number}} ChatFile `seq`: of the message that holds it */

/**
 * A command of one's own that is not in the log yet: a message (`send`), or a change of the message `seq`. `queued` until
 * it is acknowledged and applied; a message is then replaced by its item, a change is laid over its target until the
 * event has changed that. `failed` until it is retried or discarded. `written_at` is this machine's clock, for showing only.
 * `of_cid`: a change of a message that was not in the log itself yet, by that one's cid; its `seq` may be known by now.
 * `attachments`, `files`: as in a row of the outbox. `source`: what a forward copies besides the text, to be shown until then.
 * @typedef {{cid: string, chat_id: number, kind: "send" | "edit" | "delete" | "react" | "pin", content: string,
 *   reply_to: number | null, target_at: string | null, seq: number | null, of_cid: string | null, emoji: string | null, on: boolean | null,
 *   forward: Forward | null, source?: Source | null, attachments: string[],
 *   files: import("./protocol/row.js").LocalFile[], state: "queued" | "failed", code: string | null, written_at: string}} Echo
 */

/** A file of this machine that goes with a message; a picture `as_file` is kept as it is.
 * @typedef {{file: File, as_file: boolean}} Attached */

/** Files of a message that is forwarded, and who wrote it first.
 * @typedef {{attachments: Attachment[], forwarded: {user_id: number, display_name: string}}} Source */

/**
 * What is begun in a chat besides its draft (state/begun.js). `edit`: of the message `seq`, or of the one with `cid` that was
 * not in the log yet; `before`: its text when that began, null where it is not known; `files`: it holds some; `recalled`: an
 * earlier start kept it, and nothing was typed since. `Changed`: a message whose text is to be another one.
 * @typedef {{seq: number, created_at: string, sender_id: number}} Answered
 * @typedef {{seq: number | null, cid: string | null, created_at: string | null, files: boolean, before: string | null,
 *   text: string, recalled?: boolean}} Edit
 * @typedef {{reply: Answered | null, edit: Edit | null}} Begun
 * @typedef {{type: "message", seq: number, created_at: string, files: boolean}} Changed
 */

/** The message that is forwarded. @typedef {{chat_id: number, seq: number, target_at: string}} Forward */

/**
 * What of a chat's log is in memory: items of consecutive seqs, ascending, at most 500; then the echoes, in order.
 * `at_start`: the first item is the first that the user may see. `at_end`: the last one is the newest that is known.
 * `problem`: why something of it could not be had; `failed`: at which ends that was.
 * @typedef {"older" | "newer"} Side
 * @typedef {{chat_id: number, items: Item[], echoes: Echo[], at_start: boolean, at_end: boolean,
 *   loading: Side | null, problem: string | null, failed: readonly Side[]}} Timeline
 */

/**
 * A chat as it is shown in the list: the `chat` object of docs/protocol.md, kept up to date by heads, items and marks.
 * `pinned_seq`: the newest pinned message, null where there is none; undefined: not known. `mention_count`: unread messages
 * that name this user. `muted_until`: where `muted` ends by itself. `writers`: who may send to a group. `retention_days`: after which its messages are removed, 0: never. `blocked`: one blocks the peer. `typing`: ids of users who type just now. `queued` and `failed`: how many echoes of each kind it has.
 * @typedef {{id: number, type: "direct" | "group", is_group: boolean, title: string | null,
 *   avatar_url: string | null, created_at: string, role: "member" | "admin", first_seq: number, last_seq: number,
 *   last_at: string | null, left_seq: number | null, last_message: Message | null, read_seq: number,
 *   delivered_seq: number, others_read_seq: number, others_delivered_seq: number, unread_count: number,
 *   muted: boolean, favourite: boolean, hidden: boolean, peer: User | null, members: Member[] | null,
 *   pinned_seq?: number | null, mention_count: number, notify: "all" | "mentions" | "none",
 *   muted_until: string | null, writers: "all" | "admins" | "none", retention_days: number, blocked: boolean, typing: number[], draft: string, queued: number, failed: number}} ChatView
 */

/**
 * The link to the server. `offline`: waiting for `retry_at` (ms of `Date.now()`), or for the network where it is null.
 * `connecting` and `resuming` are on the way; `live` is whole; `polling`: no WebSocket can be had, HTTP carries on.
 * `since` (ms of `Date.now()`): since when it is not live; null while it is.
 * @typedef {{state: "offline" | "connecting" | "resuming" | "live" | "polling" | "stopped", retry_at: number | null,
 *   since: number | null, code: string | null}} LinkView
 */

/** Kept on this machine for this profile. @typedef {import("./rules/settings.js").Settings} Settings */

/**
 * Everything that the face shows; a new object whenever anything in it changed, unchanged parts keep their identity.
 * `ended`: why the log-in screen is shown although there was a session (`revoked`, `token_reused`, ...), else null.
 * `server.fixed`: the address cannot be changed here (the web face).
 * `echoes`: what is on its way, by chat. `progress`: how far its files are, by their local ids (`Update`). `pins`: all pinned messages of a chat, the newest first, where they are known.
 * `quoted`: messages that others answer, by chat and seq, where the timeline does not hold them (state/quoted.js).
 * `begun`: answers and edits that are being written, by chat.
 * `blocked`: ids of those whom one blocks. `removed`: messages whose deletion was told of lately (state/removed.js).
 * `listed`: the chats are known, from the server or from an earlier start; before that an empty list means nothing.
 * @typedef {{phase: "starting" | "signed_out" | "signed_in", ended: string | null,
 *   server: {url: string, fixed: boolean}, me: PrivateUser | null, link: LinkView,
 *   chats: Map<number, ChatView>, users: Map<number, User>, timelines: Map<number, Timeline>,
 *   blocked: ReadonlySet<number>, echoes: {lists: Map<number, Echo[]>}, progress: Map<string, number | null>, pins: Map<number, Message[]>,
 *   quoted: Map<number, ReadonlyMap<number, Message>>, removed: ReadonlySet<string>, begun: Map<number, Begun>,
 *   listed: boolean, current: number | null, unread: number, settings: Settings, limits: Record<string, number>,
 *   remembers: "keyring" | "file" | "memory"}} State
 */

/**
 * What the server tells of a chat (docs/protocol.md): where it stands, and all of it.
 * @typedef {{first_seq: number, last_seq: number, last_at?: string | null, left_seq?: number | null, read_seq: number,
 *   delivered_seq: number, others_read_seq: number, others_delivered_seq: number, unread_count: number,
 *   mention_count?: number | null}} Standing
 * @typedef {Standing & {chat_id: number}} Head
 * @typedef {Standing & {id: number, type: "direct" | "group", is_group: boolean, title?: string | null,
 *   avatar_url?: string | null, created_at: string, role: "member" | "admin", last_message?: Message | null,
 *   pinned_seq?: number | null, peer?: User | null, members?: Member[] | null, muted?: boolean,
 *   muted_until?: string | null, favourite?: boolean, hidden?: boolean, writers?: "all" | "admins" | "none", retention_days?: number,
 *   notify?: "all" | "mentions" | "none"}} ToldChat
 * @typedef {{chat_id: number, user_id: number, read_seq: number, delivered_seq: number, unread_count?: number,
 *   mention_count?: number, last_seq?: number}} Marks
 */

/**
 * Frames that the session passes on.
 * @typedef {{type: "ready", user: PrivateUser, epoch: string, limits: Record<string, number>, chats: Head[],
 *   blocked?: number[] | null} | {type: "chats", chats: Head[]} | {type: "chat", chat: ToldChat} | ({type: "marks"} & Marks) |
 *   {type: "user", user: User | PrivateUser} | {type: "block", user_id: number, on: boolean} |
 *   {type: "presence", user_id: number, online: boolean | null, last_seen_at?: string | null} |
 *   {type: "typing", chat_id: number, user_id: number, on: boolean}} ToldFrame
 */

/**
 * What the session tells: it was saved before a window learns of it. `save_marks`: `seen` is what is unread above the
 * mark, counted by the window that owns the profile.
 * @typedef {{do: "apply", item: Item} | {do: "jump", chat_id: number, applied: number} |
 *   {do: "forget", chat_id: number} | {do: "begins" | "expire", chat_id: number, first_seq: number} |
 *   {do: "sent", cid: string, chat_id: number, seq: number | null, created_at?: string | null, dup?: boolean} |
 *   {do: "failed", cid: string, chat_id: number, code: string, detail?: string} |
 *   {do: "merged", cid: string, chat_id: number, into: string | null} |
 *   {do: "save_row", row: import("./protocol/row.js").Row} |
 *   {do: "save_marks", chat_id: number, read_seq: number, seen?: {left: number, upto: number} | null} |
 *   {do: "tell", frame: ToldFrame}} Told
 */

/**
 * What the session asks for besides: link/ws.js does it, store/saves.js saves it.
 * @typedef {Told | {do: "drop_row", cid: string} | import("./protocol/uploads.js").Upload | {do: "save_epoch", user_id: number, epoch: string} |
 *   {do: "send", frame: Record<string, any>} | {do: "connect", link: number} |
 *   {do: "close", code: number, reason: string} | {do: "renew", token: string} |
 *   {do: "state", state: string, code: string | null}} Output
 */

/**
 * What changes the State of a window (state/model.js): what the session tells, what the profile learns, and what this
 * window alone does. `chats`: those that are neither listed nor `kept` are gone; `first`: nothing of it is news.
 * `progress`: so many bytes of a file on its way are on the server; null: there is no link. `begun`: its upload goes on
 * there; windows that share nothing keep that with the bytes (store/memory.js).
 * @typedef {Told | {do: "progress", local_id: string, sent: number | null} | {do: "begun", local_id: string, place: string} |
 *   {do: "welcome", shared: ReturnType<typeof import("./state/handed.js").sharedOf>} |
 *   {do: "cached", kept: {chats: import("./state/chats.js").Chat[], users: User[], drafts: Map<number, string>,
 *     begun?: ReadonlyMap<number, Begun>}} |
 *   {do: "settings", settings: Settings} | {do: "link", link: LinkView} | {do: "me", user: PrivateUser} |
 *   {do: "chats", chats: ToldChat[], users: User[], kept?: number[], first?: boolean} |
 *   {do: "chat", chat: ToldChat} | {do: "users", users: User[]} | {do: "blocked", ids: number[]} |
 *   {do: "block", user_id: number, on: boolean} | {do: "echo", echo: Echo} |
 *   {do: "discarded", cid: string, chat_id: number} | {do: "draft", chat_id: number, text: string} |
 *   {do: "writing", chat_id: number, begun: Begun} |
 *   {do: "set", values: Partial<import("./state/model.js").Model>} | {do: "open", chat_id: number | null} |
 *   {do: "leave", chat_id: number, place: number | null} |
 *   {do: "page", chat_id: number, page: import("./state/timeline.js").Page & {users?: User[]}, keep?: "start" | "end",
 *     anew?: boolean} |
 *   {do: "pins", chat_id: number, messages: Message[], since?: number} |
 *   {do: "quoted", chat_id: number, messages: Message[], users: User[], since: number} |
 *   {do: "line", chat_id: number, values: Partial<import("./state/timeline.js").Line>} | {do: "tick"}} Update
 */

/**
 * A message that was found. `matches`: start and length of what was looked for, in code points.
 * @typedef {{message: Message, matches: [number, number][]}} Found
 * What is looked for (docs/protocol.md: Search); null: that does not matter. `after` and `before` are RFC 3339.
 * @typedef {{query: string, chat_id: number | null, sender_id: number | null, after: string | null, before: string | null,
 *   has: "file" | "image" | "link" | null}} Wanted
 * `here`: there is no link, and no more than what this machine has was looked through.
 * @typedef {{ok: true, results: Found[], next_cursor: string | null, complete: boolean, here: boolean}} FoundPage
 */

/** A former text of a message. @typedef {{rev: number, content: string, edited_at: string | null}} Revision */

/** Whether what came, of which nothing is known, is that as far as this client relies on it.
 * @template T @typedef {(value: any) => value is T} Check */

/** @typedef {{ok: true}} Done
 * @typedef {{ok: false, code: string, errors?: {field: string, code: string, detail: string, limit?: number}[],
 *   retry_after_ms?: number}} Refused a stable code of docs/protocol.md; `no_connection` and `bad_answer` are ours
 */

/**
 * What the face asks for (messenger.js). `openChat`: `place` is the seq that was looked at when the chat was left; null is the
 * end, as in `leaveChat`, after which little of a chat stays in memory. `keepPlace` is for the next start, which learns it
 * by `keptPlace`. Nothing throws for what a server or a network can do: it is `Refused`.
 * @typedef {{
 *   state: () => State,
 *   subscribe: (listener: () => void) => () => void,
 *   start: () => Promise<void>,
 *   probe: (url: string) => Promise<Done | Refused>,
 *   setServer: (url: string) => Promise<Done | Refused>,
 *   register: (form: {username: string, email: string, display_name: string, password: string, language: string,
 *     invite: string, remember: boolean},
 *     waits: (ms: number) => void) => Promise<Done | Refused>,
 *   login: (form: {login: string, password: string, language: string, remember: boolean}, waits: (ms: number) => void) =>
 *     Promise<Done | Refused>,
 *   logout: (options: {discard: boolean}) => Promise<Done | Refused>,
 *   openChat: (chatId: number | null, place?: number | null) => Promise<Done | Refused>,
 *   keptPlace: (chatId: number) => number | null,
 *   keepPlace: (place: number | null) => void,
 *   leaveChat: (chatId: number, place: number | null) => void,
 *   loadOlder: (chatId: number) => Promise<void>,
 *   loadNewer: (chatId: number) => Promise<void>,
 *   jumpToEnd: (chatId: number) => Promise<void>,
 *   jumpTo: (chatId: number, seq: number, quietly?: boolean) => Promise<Done | Refused>,
 *   jumpToTime: (chatId: number, at: string) => Promise<{ok: true, seq: number} | Refused>,
 *   send: (chatId: number, content: string, replyTo: Answered | null, files?: Attached[]) => Promise<Done | Refused>,
 *   fileLink: (id: string, how?: {fresh?: boolean}) => Promise<{ok: true, url: string} | Refused>,
 *   fileData: (id: string) => Promise<{ok: true, body: Blob} | Refused>,
 *   chatFiles: (chatId: number, which: {kind: "image" | "video" | "audio" | "other", beforeSeq: number | null,
 *     limit: number}) => Promise<{ok: true, files: ChatFile[], has_more: boolean} | Refused>,
 *   preview: (id: string, size: number, place: {chat_id: number, seq: number} | null) =>
 *     Promise<{ok: true, url: string} | Refused>,
 *   edit: (chatId: number, target: Message | Echo | Changed, content: string) => Promise<Done | Refused>,
 *   remove: (chatId: number, target: Message | Echo) => Promise<Done | Refused>,
 *   react: (chatId: number, target: Message, emoji: string, on: boolean) => Promise<Done | Refused>,
 *   pin: (chatId: number, target: Message, on: boolean) => Promise<Done | Refused>,
 *   forward: (chatIds: number[], messages: Message[]) => Promise<Done | Refused>,
 *   loadPins: (chatId: number) => Promise<Done | Refused>,
 *   readers: (chatId: number, seq: number) => Promise<{ok: true, read: number[], received: number[]} | Refused>,
 *   reactors: (chatId: number, seq: number, known: import("./state/reactors.js").Reactors) =>
 *     Promise<{ok: true, reactors: import("./state/reactors.js").Reactors} | Refused>,
 *   revisions: (chatId: number, seq: number) => Promise<{ok: true, revisions: Revision[]} | Refused>,
 *   retry: (cid: string) => Promise<void>,
 *   discard: (cid: string) => Promise<void>,
 *   setDraft: (chatId: number, text: string) => void,
 *   setBegun: (chatId: number, begun: Begun) => void,
 *   read: (chatId: number, seq: number) => void,
 *   typing: (chatId: number, on: boolean) => void,
 *   look: (chatId: number | null) => void,
 *   isLookedAt: (chatId: number) => boolean,
 *   wake: () => void,
 *   searchUsers: (query: string) => Promise<{ok: true, users: User[]} | Refused>,
 *   loadUser: (userId: number) => Promise<Done | Refused>,
 *   searchMessages: (wanted: Wanted, cursor: string | null) => Promise<FoundPage | Refused>,
 *   block: (userId: number, on: boolean) => Promise<Done | Refused>,
 *   blocks: () => Promise<{ok: true, blocks: {user: User, created_at: string}[]} | Refused>,
 *   openDirect: (userId: number) => Promise<{ok: true, chat_id: number} | Refused>,
 *   createGroup: (title: string, userIds: number[]) => Promise<{ok: true, chat_id: number} | Refused>,
 *   loadMembers: (chatId: number) => Promise<Done | Refused>,
 *   changeChat: (chatId: number, change: {title?: string, writers?: "all" | "admins", retention_days?: number, muted?: boolean, favourite?: boolean, hidden?: boolean,
 *     muted_until?: string | null, notify?: "all" | "mentions" | "none"}) => Promise<Done | Refused>,
 *   addMembers: (chatId: number, userIds: number[], history: "all" | "none") => Promise<Done | Refused>,
 *   changeRole: (chatId: number, userId: number, role: "member" | "admin") => Promise<Done | Refused>,
 *   removeMember: (chatId: number, userId: number) => Promise<Done | Refused>,
 *   changeProfile: (change: {display_name?: string, avatar_url?: string | null, email?: string | null,
 *     language?: string, hide_last_seen?: boolean, hide_reads?: boolean, login_letters?: boolean}) =>
 *     Promise<Done | Refused>,
 *   reloadMe: () => Promise<void>,
 *   serverInfo: () => Promise<{ok: true, mail: boolean, registration: string, empty: boolean} | Refused>,
 *   askForReset: (login: string, language: string) => Promise<Done | Refused>,
 *   resetPassword: (code: string, next: string) => Promise<Done | Refused>,
 *   confirmEmail: (code: string) => Promise<Done | Refused>,
 *   acceptInvite: (code: string) => Promise<{ok: true, chat_id: number} | Refused>,
 *   accounts: (which: {query: string, role: string, disabled: string, afterId: number}) =>
 *     Promise<{ok: true, accounts: Account[], has_more: boolean} | Refused>,
 *   changeAccount: (userId: number, change: {disabled?: boolean, role?: "member" | "admin"}) => Promise<Done | Refused>,
 *   deleteUser: (userId: number) => Promise<Done | Refused>,
 *   signOutUser: (userId: number) => Promise<Done | Refused>,
 *   userSessions: (userId: number) => Promise<{ok: true, sessions: SessionInfo[]} | Refused>,
 *   endUserSession: (userId: number, id: number | string) => Promise<Done | Refused>,
 *   makeResetLink: (userId: number) => Promise<{ok: true, code: string, url: string | null} | Refused>,
 *   serverSizes: () => Promise<{ok: true, sizes: Sizes} | Refused>,
 *   audit: (beforeId: number | null) => Promise<{ok: true, lines: AuditLine[], has_more: boolean} | Refused>,
 *   invites: () => Promise<{ok: true, invites: Invite[]} | Refused>,
 *   createInvite: (wanted: {uses: number, days: number, chatId: number | null}) =>
 *     Promise<{ok: true, id: number, code: string, url: string | null} | Refused>,
 *   revokeInvite: (id: number) => Promise<Done | Refused>,
 *   setChatAvatar: (chatId: number, square: Blob | null) => Promise<Done | Refused>,
 *   setOwnAvatar: (square: Blob | null) => Promise<Done | Refused>,
 *   changePassword: (current: string, next: string) => Promise<Done | Refused>,
 *   deleteAccount: (password: string) => Promise<Done | Refused>,
 *   exportData: (password: string) => Promise<{ok: true, url: string} | Refused>,
 *   sessions: () => Promise<{ok: true, sessions: SessionInfo[]} | Refused>,
 *   endSession: (id: number | string) => Promise<Done | Refused>,
 *   changeSettings: (change: Partial<Settings>) => Promise<void>,
 *   onArrival: (listener: (message: Message, chat: ChatView) => void) => () => void,
 * }} Messenger
 * `edit`, `remove`, `react` and `pin` answer when the command is durable here. What the server makes of it comes later: an
 * echo that failed, with `message_deleted`, `too_many`, `emoji_invalid`, `forbidden` or `bad_seq`.
 * `send` keeps the files on this machine, durable as the message itself, before it answers; it refuses
 * what it cannot keep (`disk_full`), and more than may wait (`too_much_waiting`).
 * `fileLink`: an address of a file for some minutes, `fresh`: another than before. `preview`: a smaller picture of it, which
 * this machine keeps for a while where `place` names the message that holds it.
 * `look`: the window has the focus and shows this chat, or none (any more); `isLookedAt`: so it is in any window of the profile.
 * `onArrival` tells each new message of somebody else once, live or caught up, where it is not read already.
 * In a profile with several windows it is told in the one that owns the socket.
 */

/**
 * A copy of one's data on its way to the disk, as the shell tells it; `bytes`: so far.
 * @typedef {{state: "progressing" | "completed" | "cancelled" | "interrupted", bytes: number}} Saving
 */

/**
 * What the desktop shell gives the page as `window.vestnik` (preload.js); undefined in a browser.
 * Secrets are kept by name; `saveSecret` answers where it went: `file` only with consent, else `memory`. `onSaved`: a file
 * is saved, or, with the key null, its download broke off. `collectGarbage`: bytes that were deleted leave the disk when the
 * last object that stood for them is collected, which may be never where a page idles; now they do.
 * @typedef {{
 *   info: () => Promise<{version: string, os: string, server: string, server_fixed: boolean,
 *     keyring: boolean, notifications: boolean, tray: boolean, autostart: boolean, languages: string[]}>,
 *   probe: (url: string) => Promise<Done | Refused>,
 *   setServer: (url: string) => Promise<Done | Refused>,
 *   loadSecret: (name: string) => Promise<string | null>,
 *   saveSecret: (name: string, value: string, consent: boolean) => Promise<"keyring" | "file" | "memory">,
 *   deleteSecret: (name: string) => Promise<void>,
 *   loadSettings: () => Promise<Partial<Settings>>,
 *   saveSettings: (settings: Settings) => Promise<void>,
 *   notify: (note: {tag: string, title: string, body: string, chat_id: number, seq: number, silent: boolean}) => Promise<boolean>,
 *   notes: () => Promise<{tag: string, chat_id: number, seq: number}[]>,
 *   closeNote: (tag: string, first?: number, last?: number) => Promise<void>,
 *   closeNotes: () => Promise<void>,
 *   setBadge: (count: number, title: string) => void,
 *   openExternal: (url: string) => Promise<boolean>,
 *   attention: () => void,
 *   onOpenChat: (listener: (place: number | {chat_id: number, seq: number | null} | {join: string, first: boolean, server: string | null}) => void) => void,
 *   onWake: (listener: () => void) => void,
 *   saveFile: (url: string) => Promise<boolean>,
 *   showInFolder: (key: number) => Promise<boolean>,
 *   onSaved: (listener: (file: {key: number | null, name: string}) => void) => void,
 *   onSaving: (listener: (saving: Saving) => void) => void,
 *   stopSaving: () => void,
 *   collectGarbage: () => void,
 *   onMenu: (listener: (action: string) => void) => void,
 * }} Desktop
 */

export {};
