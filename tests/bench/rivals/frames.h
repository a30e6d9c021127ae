/* What a frame from a server says. JSON: an object, or an array of objects; `items` of a page too. XMPP: a stanza.
 *
 * The text of each message carries a marker that tells who sent it, when, as which of their messages, and in which run:
 * '~' and 32 hexadecimal digits (sender 4, microseconds 12, number 8, run 8). The cid of a send is its last 32. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MARKER_DIGITS 32
#define MAX_ITEMS 256 /* a server joins 64, a page has 200 */

typedef enum { OTHER, MESSAGE, ACK, LAG, PAGE_END, REFUSAL } item_kind;

typedef struct {
    item_kind kind;
    uint64_t chat_id, seq; /* seq of a LAG or PAGE_END: not used, of a MESSAGE: 0 where the protocol has none */
    bool more;             /* PAGE_END */
    bool marked;           /* MESSAGE and ACK: what follows was there */
    uint32_t sender, number, run;
    uint64_t sent_us;
} item;

typedef struct {
    item items[MAX_ITEMS];
    int count;
    bool broken; /* no JSON, or too many items */
} items;

typedef struct {
    const char *at, *end;
    items *out;
} scanner;

typedef struct {
    const char *at;
    size_t size;
} span;

static bool read_hex(const char *digits, int count, uint64_t *value) {
    *value = 0;
    for (int i = 0; i < count; i++) {
        char c = digits[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
        if (digit == 16) return false;
        *value = *value << 4 | digit;
    }
    return true;
}

static void write_marker(char *to, uint32_t sender, uint64_t sent_us, uint32_t number, uint32_t run) {
    snprintf(to, MARKER_DIGITS + 1, "%04x%012llx%08x%08x", sender & 0xffff,
             (unsigned long long)sent_us & 0xffffffffffffULL, number, run);
}

static void read_marker(item *found, const char *digits) {
    uint64_t sender, sent_us, number, run;
    found->marked = read_hex(digits, 4, &sender) && read_hex(digits + 4, 12, &sent_us) &&
                    read_hex(digits + 16, 8, &number) && read_hex(digits + 24, 8, &run);
    if (!found->marked) return;
    found->sender = (uint32_t)sender;
    found->sent_us = sent_us;
    found->number = (uint32_t)number;
    found->run = (uint32_t)run;
}

static void add_item(items *out, item found) {
    if (out->count == MAX_ITEMS) out->broken = true;
    else out->items[out->count++] = found;
}

/* --- JSON --- */

static void skip_space(scanner *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r')) s->at++;
}

static bool take(scanner *s, char wanted) {
    skip_space(s);
    if (s->at >= s->end || *s->at != wanted) return false;
    s->at++;
    return true;
}

static bool read_string(scanner *s, span *found) {
    if (!take(s, '"')) return false;
    found->at = s->at;
    for (; s->at < s->end; s->at++) {
        if (*s->at == '\\') s->at++;
        else if (*s->at == '"') {
            found->size = (size_t)(s->at++ - found->at);
            return true;
        }
    }
    return false;
}

/* Over any value; scalars are told as they stand. */
static bool skip_value(scanner *s, span *scalar) {
    span ignored;
    skip_space(s);
    if (s->at >= s->end) return false;
    if (*s->at == '"') return read_string(s, scalar);
    if (*s->at != '{' && *s->at != '[') {
        scalar->at = s->at;
        while (s->at < s->end && *s->at != ',' && *s->at != '}' && *s->at != ']') s->at++;
        scalar->size = (size_t)(s->at - scalar->at);
        return scalar->size > 0;
    }
    int depth = 0;
    while (s->at < s->end) {
        char c = *s->at;
        if (c == '"') {
            if (!read_string(s, &ignored)) return false;
            continue;
        }
        s->at++;
        if (c == '{' || c == '[') depth++;
        else if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
}

static bool is(span found, const char *text) { return found.size == strlen(text) && !memcmp(found.at, text, found.size); }

static uint64_t number_of(span found) {
    uint64_t value = 0;
    for (size_t i = 0; i < found.size && found.at[i] >= '0' && found.at[i] <= '9'; i++)
        value = value * 10 + (uint64_t)(found.at[i] - '0');
    return value;
}

static bool read_objects(scanner *s);

static bool read_object(scanner *s) {
    span type = {0}, content = {0}, cid = {0};
    item found = {0};
    if (!take(s, '{')) return false;
    if (!take(s, '}')) {
        do {
            span key, value = {0};
            if (!read_string(s, &key) || !take(s, ':')) return false;
            skip_space(s);
            if (is(key, "items") && s->at < s->end && *s->at == '[') {
                if (!read_objects(s)) return false;
                continue;
            }
            if (!skip_value(s, &value)) return false;
            if (is(key, "type")) type = value;
            else if (is(key, "content")) content = value;
            else if (is(key, "cid")) cid = value;
            else if (is(key, "chat_id")) found.chat_id = number_of(value);
            else if (is(key, "seq")) found.seq = number_of(value);
            else if (is(key, "more")) found.more = is(value, "true");
        } while (take(s, ','));
        if (!take(s, '}')) return false;
    }
    if (is(type, "message")) found.kind = MESSAGE;
    else if (is(type, "ack")) found.kind = ACK;
    else if (is(type, "lag")) found.kind = LAG;
    else if (is(type, "page")) found.kind = PAGE_END;
    else if (is(type, "error") || is(type, "bye")) found.kind = REFUSAL;
    const char *mark = content.size > MARKER_DIGITS ? memchr(content.at, '~', content.size - MARKER_DIGITS) : NULL;
    if (found.kind == MESSAGE && mark) read_marker(&found, mark + 1);
    if (found.kind == ACK && cid.size >= MARKER_DIGITS) read_marker(&found, cid.at + cid.size - MARKER_DIGITS);
    add_item(s->out, found);
    return true;
}

static bool read_objects(scanner *s) {
    if (!take(s, '[')) return false;
    if (take(s, ']')) return true;
    do {
        if (!read_object(s)) return false;
    } while (take(s, ','));
    return take(s, ']');
}

static void read_json(const char *text, size_t size, items *out) {
    scanner s = {text, text + size, out};
    out->count = 0;
    out->broken = false;
    skip_space(&s);
    bool whole = s.at < s.end && (*s.at == '[' ? read_objects(&s) : read_object(&s));
    skip_space(&s);
    if (!whole || s.at != s.end) out->broken = true;
}

/* --- XMPP: the body of a groupchat message, by its marker --- */

static void read_stanza(const char *text, size_t size, items *out) {
    out->count = 0;
    out->broken = false;
    const char *end = text + size;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), "<body", 5));) {
        const char *closing = memmem(at, (size_t)(end - at), "</body>", 7);
        if (!closing) {
            out->broken = true;
            return;
        }
        item found = {.kind = MESSAGE};
        const char *mark = memchr(at, '~', (size_t)(closing - at));
        if (mark && closing - mark > MARKER_DIGITS) read_marker(&found, mark + 1);
        add_item(out, found);
        at = closing;
    }
    if (!out->count && size > 6 && memmem(text, size, "type='error'", 12)) add_item(out, (item){.kind = REFUSAL});
}

#endif
