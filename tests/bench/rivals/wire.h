/* One connection: a non-blocking TCP socket with what could not be written yet and what was not read whole. */
#ifndef WIRE_H
#define WIRE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    int socket, step; /* step of the log-in; see load.c */
    bool writing;     /* epoll tells when there is room again */
    int in_flight;
    char *unread, *unwritten;
    size_t unread_size, unwritten_size;
    uint64_t received, asked_us;
} connection;

static int poller;

static void watch(connection *c, uint32_t index, int how, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = index};
    epoll_ctl(poller, how, c->socket, &event);
}

static bool dial(connection *c, uint32_t index, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1;
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    c->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (c->socket < 0 || connect(c->socket, (struct sockaddr *)&address, sizeof address)) return false;
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->socket, F_SETFL, O_NONBLOCK);
    watch(c, index, EPOLL_CTL_ADD, EPOLLIN);
    return true;
}

static void hang_up(connection *c) {
    if (c->socket >= 0) close(c->socket);
    free(c->unread);
    free(c->unwritten);
    c->socket = -1;
    c->unread = c->unwritten = NULL;
    c->unread_size = c->unwritten_size = 0;
    c->writing = false;
}

static void keep(char **to, size_t *size, const char *data, size_t more) {
    *to = realloc(*to, *size + more);
    memcpy(*to + *size, data, more);
    *size += more;
}

static void put(connection *c, uint32_t index, const char *data, size_t size) {
    if (c->socket < 0) return;
    if (!c->writing) {
        ssize_t sent = send(c->socket, data, size, MSG_NOSIGNAL);
        if (sent < 0) sent = 0; /* a broken one is noticed when it is read */
        data += sent;
        size -= (size_t)sent;
    }
    if (!size) return;
    keep(&c->unwritten, &c->unwritten_size, data, size);
    if (!c->writing) watch(c, index, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    c->writing = true;
}

static void flush(connection *c, uint32_t index) {
    ssize_t sent = send(c->socket, c->unwritten, c->unwritten_size, MSG_NOSIGNAL);
    if (sent < 0) return;
    c->unwritten_size -= (size_t)sent;
    memmove(c->unwritten, c->unwritten + sent, c->unwritten_size);
    if (c->unwritten_size) return;
    free(c->unwritten);
    c->unwritten = NULL;
    c->writing = false;
    watch(c, index, EPOLL_CTL_MOD, EPOLLIN);
}

/* A masked WebSocket frame (RFC 6455 section 5.2). */
static void put_frame(connection *c, uint32_t index, int opcode, const char *data, size_t size) {
    static char frame[1 << 17];
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    size_t head = 2;
    if (size > sizeof frame - 16) abort();
    frame[0] = (char)(0x80 | opcode);
    if (size < 126) frame[1] = (char)(0x80 | size);
    else if (size < 65536) {
        frame[1] = (char)(0x80 | 126);
        frame[2] = (char)(size >> 8);
        frame[3] = (char)size;
        head = 4;
    } else {
        frame[1] = (char)(0x80 | 127);
        for (int i = 0; i < 8; i++) frame[2 + i] = (char)(size >> (56 - 8 * i));
        head = 10;
    }
    memcpy(frame + head, mask, 4);
    head += 4;
    for (size_t i = 0; i < size; i++) frame[head + i] = (char)(data[i] ^ mask[i & 3]);
    put(c, index, frame, head + size);
}

#endif
