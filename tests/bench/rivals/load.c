/* A load generator for chat servers over WebSocket, and for one GET over HTTP. One thread, epoll, loopback.
 *
 * Closed loop: each of `-s` senders keeps `-w` messages unanswered. Open loop: `-r` messages a second by the clock,
 * whoever is late; latency counts from the moment a message was due. Prints one line of JSON; its options: options.h.
 * Every message must come once to every connection and, by its seq, in order; what did not is counted. */
#define _GNU_SOURCE
#include "figures.h"
#include "frames.h"
#include "options.h"
#include "wire.h"

#define LIVE 1000 /* the step of a connection that is logged in */
#define INBOX (1 << 20)
#define PARSED 64 /* frames whose meaning is remembered: a broadcast comes as the same bytes to each member */

static connection *people;
static int live, dialled, closed, lanes;
static uint32_t run, numbers;
static uint32_t *positions; /* per connection and lane: the last seq, or the last number of a sender */
static bool measuring, stopping;
static uint64_t began_us;
static uint64_t sent, acked, refused, lags, gaps, disordered, broken, acked_in, deliveries_in, bytes_in;
static histogram to_member, to_ack;

/* --- templates: %T token, %I the connection's number, %C chat id, %M marker, %R the run --- */

static size_t fill(char *to, size_t room, const char *template, int index, uint64_t chat_id, const char *marker) {
    size_t size = 0;
    for (const char *at = template; *at; at++) {
        char number[24];
        const char *value = NULL;
        if (at[0] == '%' && at[1] == 'T') value = token_count ? tokens[index % token_count] : "";
        else if (at[0] == '%' && at[1] == 'M') value = marker;
        else if (at[0] == '%' && at[1] == 'I') snprintf(number, sizeof number, "%d", index), value = number;
        else if (at[0] == '%' && at[1] == 'R') snprintf(number, sizeof number, "%08x", run), value = number;
        else if (at[0] == '%' && at[1] == 'C')
            snprintf(number, sizeof number, "%llu", (unsigned long long)chat_id), value = number;
        size_t more = value ? strlen(value) : 1;
        if (size + more >= room) die("too long when filled in: ", template);
        memcpy(to + size, value ? value : at, more);
        size += more;
        if (value) at++;
    }
    to[size] = 0;
    return size;
}

static void say(int index, uint64_t due_us) {
    char marker[MARKER_DIGITS + 1], text[60000];
    uint32_t number = ++numbers;
    write_marker(marker, (uint32_t)index, due_us, number, run);
    size_t size = fill(text, sizeof text, options.message, index, chats[number % (uint32_t)chat_count], marker);
    sent++;
    people[index].in_flight++;
    put_frame(&people[index], (uint32_t)index, 1, text, size);
}

/* --- what arrives --- */

static items *meaning(const char *text, size_t size) {
    static struct {
        char *text;
        size_t size;
        items items;
    } known[PARSED];
    uint64_t hash = size;
    for (size_t i = size > 160 ? size - 160 : 0; i < size; i++) hash = hash * 31 + (unsigned char)text[i];
    int slot = (int)(hash % PARSED);
    if (known[slot].size != size || memcmp(known[slot].text, text, size)) {
        known[slot].text = realloc(known[slot].text, size);
        memcpy(known[slot].text, text, size);
        known[slot].size = size;
        if (options.stanzas) read_stanza(text, size, &known[slot].items);
        else read_json(text, size, &known[slot].items);
    }
    return &known[slot].items;
}

static int lane_of(const item *found) {
    if (!found->seq) return (int)found->sender;
    for (int lane = 0; lane < chat_count; lane++)
        if (chats[(lane + (int)(found->chat_id % (uint64_t)chat_count)) % chat_count] == found->chat_id)
            return (lane + (int)(found->chat_id % (uint64_t)chat_count)) % chat_count;
    return -1;
}

static void answered(int index) {
    people[index].in_flight--;
    acked++;
    if (measuring) acked_in++;
    if (options.window && !stopping) say(index, microseconds());
}

static void message(int index, const item *found, uint64_t now) {
    int lane = lane_of(found);
    if (!found->marked || found->run != run || lane < 0 || lane >= lanes) return;
    uint32_t *position = &positions[(size_t)index * (size_t)lanes + (size_t)lane];
    if (found->seq) { /* a sender's numbers are not dense, as all senders share them: only their order counts */
        if (*position && found->seq > *position + 1ULL) gaps++;
        if (*position && found->seq <= *position) disordered++;
    } else if (found->number <= *position) disordered++;
    uint32_t place = found->seq ? (uint32_t)found->seq : found->number;
    if (place > *position) *position = place;
    people[index].received++;
    if (measuring) deliveries_in++;
    if (began_us && found->sent_us >= began_us) histogram_add(&to_member, now - found->sent_us);
    if (options.own_echo_is_answer && (int)found->sender == index) answered(index);
}

static void sync_chat(int index, uint64_t chat_id) {
    char text[200];
    item chat = {.chat_id = chat_id, .seq = 1};
    int lane = lane_of(&chat);
    if (lane < 0) return;
    int size = snprintf(text, sizeof text, "{\"type\":\"sync\",\"chat_id\":%llu,\"after_seq\":%u,\"limit\":200}",
                        (unsigned long long)chat_id, positions[(size_t)index * (size_t)lanes + (size_t)lane]);
    put_frame(&people[index], (uint32_t)index, 1, text, (size_t)size);
}

static void frame(int index, const char *text, size_t size) {
    uint64_t now = microseconds();
    connection *c = &people[index];
    if (c->step < script_steps) { /* logging in: this frame may be the awaited one */
        if (!memmem(text, size, script[c->step][1], strlen(script[c->step][1]))) return;
        char line[8000];
        if (++c->step < script_steps)
            put_frame(c, (uint32_t)index, 1, line, fill(line, sizeof line, script[c->step][0], index, chats[0], ""));
        else c->step = LIVE, live++;
        return;
    }
    if (measuring) bytes_in += size;
    const items *said = meaning(text, size);
    if (said->broken && !broken++) fprintf(stderr, "load: not understood: %.*s\n", size > 300 ? 300 : (int)size, text);
    for (int i = 0; i < said->count; i++) {
        const item *found = &said->items[i];
        if (found->kind == MESSAGE) message(index, found, now);
        else if (found->kind == ACK && found->marked && found->run == run) {
            if (began_us && found->sent_us >= began_us) histogram_add(&to_ack, now - found->sent_us);
            answered(index);
        } else if (found->kind == LAG || (found->kind == PAGE_END && found->more)) {
            if (found->kind == LAG) lags++;
            sync_chat(index, found->chat_id);
        } else if (found->kind == REFUSAL && !refused++)
            fprintf(stderr, "load: refused: %.*s\n", size > 300 ? 300 : (int)size, text);
    }
}

static void lost(int index) {
    if (people[index].step != LIVE) die("the server ended a connection that was logging in", "");
    hang_up(&people[index]);
    closed++;
}

/* How much of `data` was taken; the connection may be gone afterwards. */
static size_t take_frames(int index, char *data, size_t size) {
    connection *c = &people[index];
    size_t at = 0;
    if (c->step < 0) { /* the answer to the upgrade */
        char *end = memmem(data, size, "\r\n\r\n", 4), line[8000];
        if (!end) return 0;
        if (memcmp(data, "HTTP/1.1 101", 12)) die("the upgrade was refused: ", data);
        at = (size_t)(end + 4 - data);
        c->step = 0;
        if (script_steps)
            put_frame(c, (uint32_t)index, 1, line, fill(line, sizeof line, script[0][0], index, chats[0], ""));
        else c->step = LIVE, live++;
    }
    while (size - at >= 2) {
        const unsigned char *head = (unsigned char *)data + at;
        size_t header = 2, length = head[1] & 127;
        int opcode = head[0] & 15;
        if (length == 126) header = 4;
        else if (length == 127) header = 10;
        if (size - at < header) break;
        if (header > 2) length = 0;
        for (size_t i = 2; i < header; i++) length = length << 8 | head[i];
        if (length > INBOX / 2) die("a frame is too long", "");
        if (size - at < header + length) break;
        if (!(head[0] & 0x80) || head[0] & 0x70 || head[1] & 0x80) die("a frame is in parts, packed or masked", "");
        char *text = data + at + header;
        at += header + length;
        if (opcode == 1 || opcode == 2) frame(index, text, length);
        else if (opcode == 9) put_frame(c, (uint32_t)index, 10, text, length);
        else if (opcode == 8) {
            if (!closed) fprintf(stderr, "load: closed with %d %.*s\n", length > 1 ? head[header] << 8 | head[header + 1] : 0,
                    length > 2 ? (int)length - 2 : 0, text + 2);
            lost(index);
            return size;
        }
    }
    return at;
}

static uint64_t http_answers, http_failures;

static void ask(int index) {
    char path[4000], request[8000];
    fill(path, sizeof path, options.get, index, chats[0], "");
    const char *token = token_count ? tokens[(numbers++) % (uint32_t)token_count] : "";
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", path, token);
    people[index].asked_us = microseconds();
    put(&people[index], (uint32_t)index, request, (size_t)size);
}

static size_t take_answer(int index, char *data, size_t size) {
    char *end = memmem(data, size, "\r\n\r\n", 4), *length = NULL;
    if (!end) return 0;
    for (char *line = data; line < end && !length; line = (char *)memchr(line, '\n', (size_t)(end + 3 - line)) + 1)
        if (!strncasecmp(line, "content-length:", 15)) length = line + 15;
    if (!length) die("an answer without Content-Length: ", data);
    size_t whole = (size_t)(end + 4 - data) + strtoul(length, NULL, 10);
    if (size < whole) return 0;
    if (memcmp(data, "HTTP/1.1 200", 12) && !http_failures++) fprintf(stderr, "load: %.*s\n", size > 300 ? 300 : (int)size, data);
    if (measuring) {
        http_answers++;
        bytes_in += whole;
        histogram_add(&to_ack, microseconds() - people[index].asked_us);
    }
    if (!stopping) ask(index);
    return whole;
}

static void readable(int index) {
    static char inbox[INBOX + 1];
    connection *c = &people[index];
    size_t size = c->unread_size, taken;
    if (size) memcpy(inbox, c->unread, size);
    ssize_t more = recv(c->socket, inbox + size, INBOX - size, 0);
    if (more < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (more <= 0) {
        if (!options.get) return lost(index);
        hang_up(c); /* servers end a kept connection after so many requests */
        if (!dial(c, (uint32_t)index, options.port)) die("cannot connect again", "");
        if (!stopping) ask(index);
        return;
    }
    size += (size_t)more;
    inbox[size] = 0;
    taken = options.get ? take_answer(index, inbox, size) : take_frames(index, inbox, size);
    free(c->unread);
    c->unread = NULL;
    c->unread_size = 0;
    if (c->socket >= 0 && taken < size) keep(&c->unread, &c->unread_size, inbox + taken, size - taken);
}

/* Handle what is ready, waiting at most so many milliseconds for it. */
static void turn(int wait_ms) {
    struct epoll_event ready[256];
    int count = epoll_wait(poller, ready, 256, wait_ms);
    for (int i = 0; i < count; i++) {
        int index = (int)ready[i].data.u32;
        if (people[index].socket >= 0 && ready[i].events & EPOLLOUT) flush(&people[index], (uint32_t)index);
        if (people[index].socket >= 0 && ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(index);
    }
}

/* --- the run --- */

static void open_connection(int index) {
    char path[4500], request[8000];
    connection *c = &people[index];
    c->step = -1;
    if (!dial(c, (uint32_t)index, options.port)) die("cannot connect: ", strerror(errno));
    if (options.get) {
        c->step = LIVE;
        live++;
        return;
    }
    fill(path, sizeof path, options.path, index, chats[0], "");
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                        path, options.port, options.protocol ? "Sec-WebSocket-Protocol: " : "",
                        options.protocol ? options.protocol : "", options.protocol ? "\r\n" : "");
    put(c, (uint32_t)index, request, (size_t)size);
}

/* Everybody who is logged in once in `pings` seconds, evenly. */
static void ping(uint64_t now) {
    static uint64_t since, done;
    if (!since) since = now;
    uint64_t due = (now - since) * (uint64_t)options.connections / ((uint64_t)options.pings * 1000000);
    for (; done < due; done++) {
        int index = (int)(done % (uint64_t)options.connections);
        if (people[index].step == LIVE) put_frame(&people[index], (uint32_t)index, 1, options.ping, strlen(options.ping));
    }
}

static void connect_until(int wanted) {
    uint64_t patience = microseconds() + 60000000, before = (uint64_t)live;
    while (live < wanted) {
        while (dialled < wanted && dialled - live < options.at_once) open_connection(dialled++);
        if (options.pings) ping(microseconds()); /* the first wait long for the last */
        turn(options.pings ? 20 : 100);
        if ((uint64_t)live != before) before = (uint64_t)live, patience = microseconds() + 60000000;
        if (microseconds() > patience) die("connections do not get through the log-in", "");
    }
}

static void turn_for(double seconds) {
    for (uint64_t end = microseconds() + (uint64_t)(seconds * 1e6); microseconds() < end;) turn(20);
}

static void talk(uint64_t until, double *due, double interval, int *turns) {
    for (uint64_t now = microseconds(); now < until && closed < options.connections; now = microseconds()) {
        int wait_ms = 20;
        if (options.enough && acked_in + http_answers >= (uint64_t)options.enough) return;
        if (options.rate > 0) {
            for (; *due <= (double)now; *due += interval) say((*turns)++ % options.senders, (uint64_t)*due);
            double left = (*due - (double)now) / 1000;
            wait_ms = left < 20 ? (int)left : 20;
        }
        if (options.pings) ping(now);
        turn(wait_ms);
    }
}

static bool everybody_has_everything(void) {
    for (int i = 0; i < options.connections; i++)
        if (people[i].socket >= 0 && people[i].received < sent) return false;
    return acked >= sent;
}

static void report(double took, double dialling, const double *cpu, double own_cpu, long first_kib, long all_kib) {
    uint64_t missing = 0;
    for (int i = 0; i < options.connections; i++) missing += sent - (people[i].received < sent ? people[i].received : sent);
    printf("{\"connections\":%d,\"connect_s\":%.3f,\"seconds\":%.3f,\"sent\":%llu,\"acked\":%llu,", options.connections, dialling,
           took, (unsigned long long)sent, (unsigned long long)acked);
    printf("\"messages_s\":%.2f,\"deliveries\":%llu,\"deliveries_s\":%.2f,\"bytes_delivery\":%.1f,", (double)acked_in / took,
           (unsigned long long)deliveries_in, (double)deliveries_in / took,
           deliveries_in ? (double)bytes_in / (double)deliveries_in : 0);
    printf("\"acked_measured\":%llu,\"generator_cpu_s\":%.4f,\"cpu_s\":[", (unsigned long long)acked_in, own_cpu);
    for (int i = 0; i < pid_count; i++) printf("%s%.5f", i ? "," : "", cpu[i]);
    printf("],\"p50\":%.2f,\"p99\":%.2f,\"p999\":%.2f,\"max\":%.2f,\"ack_p50\":%.2f,\"ack_p99\":%.2f,", histogram_share(&to_member, 0.5),
           histogram_share(&to_member, 0.99), histogram_share(&to_member, 0.999), histogram_share(&to_member, 1),
           histogram_share(&to_ack, 0.5), histogram_share(&to_ack, 0.99));
    printf("\"missing\":%llu,\"gaps\":%llu,\"disordered\":%llu,\"lags\":%llu,\"refused\":%llu,\"broken\":%llu,\"closed\":%d,",
           options.get ? 0ULL : (unsigned long long)missing, (unsigned long long)gaps, (unsigned long long)disordered,
           (unsigned long long)lags, (unsigned long long)refused, (unsigned long long)broken, closed);
    printf("\"answers_s\":%.2f,\"failures\":%llu,\"first_kib\":%ld,\"all_kib\":%ld}\n", (double)http_answers / took,
           (unsigned long long)http_failures, first_kib, all_kib);
}

int main(int count, char **words) {
    double before[MAX_PIDS], own_before, due = 0, dialling;
    long first_kib = 0, all_kib = 0;
    int turns = 0;
    read_options(count, words);
    run = (uint32_t)(microseconds() * 2654435761u ^ (uint64_t)getpid());
    lanes = chat_count > options.senders ? chat_count : options.senders + 1;
    people = calloc((size_t)options.connections, sizeof *people);
    positions = calloc((size_t)options.connections * (size_t)lanes, sizeof *positions);
    poller = epoll_create1(0);

    uint64_t start = microseconds();
    if (options.first) {
        connect_until(options.first);
        turn_for(0.5);
        for (int i = 0; i < pid_count; i++) first_kib += resident_kib(pids[i]);
    }
    connect_until(options.connections);
    dialling = (double)(microseconds() - start) / 1e6;
    turn_for(0.5); /* what a log-in brings to the others */
    for (int i = 0; i < pid_count; i++) all_kib += resident_kib(pids[i]);

    start = microseconds();
    due = (double)start;
    if (options.get)
        for (int i = 0; i < options.connections; i++) ask(i);
    for (int unanswered = 0; unanswered < options.window; unanswered++)
        for (int i = 0; i < options.senders; i++) say(i, microseconds());
    double interval = options.rate > 0 ? 1e6 / options.rate : 0;
    talk(start + (uint64_t)(options.warm * 1e6), &due, interval, &turns);
    for (int i = 0; i < pid_count; i++) before[i] = processor_seconds(pids[i]);
    own_before = processor_seconds(0);
    began_us = microseconds();
    measuring = true;
    talk(began_us + (uint64_t)(options.seconds * 1e6), &due, interval, &turns);
    measuring = false;
    double took = (double)(microseconds() - began_us) / 1e6, own = processor_seconds(0) - own_before;
    for (int i = 0; i < pid_count; i++) before[i] = processor_seconds(pids[i]) - before[i];
    stopping = true;
    for (uint64_t end = microseconds() + (uint64_t)(options.drain * 1e6); microseconds() < end && !options.get;) {
        if (everybody_has_everything()) break;
        turn(20);
    }
    report(took, dialling, before, own, first_kib, all_kib);
    return 0;
}
