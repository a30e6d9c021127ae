/* What the generator is told. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MAX_SCRIPT 16
#define MAX_PIDS 8
#define MAX_TOKENS 20000
#define MAX_CHATS 2000

static struct {
    int port, connections, senders, window, at_once, first, pings, enough;
    double rate, warm, seconds, drain;
    bool stanzas, own_echo_is_answer;
    const char *path, *message, *ping, *protocol, *get;
} options = {.connections = 1, .at_once = 16, .seconds = 5, .warm = 1, .drain = 10, .path = "/"};

static char *tokens[MAX_TOKENS], *script[MAX_SCRIPT][2];
static uint64_t chats[MAX_CHATS];
static int token_count, script_steps, chat_count, pid_count;
static pid_t pids[MAX_PIDS];

static void die(const char *what, const char *detail) {
    fprintf(stderr, "load: %s%.300s\n", what, detail);
    exit(1);
}

static void read_tokens(const char *path) {
    FILE *file = fopen(path, "r");
    char line[5000];
    if (!file) die("cannot read ", path);
    while (token_count < MAX_TOKENS && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        tokens[token_count++] = strdup(line);
    }
    fclose(file);
}

/* Pairs of lines: what is said, and what the answer contains. */
static void read_script(const char *path) {
    FILE *file = fopen(path, "r");
    char line[5000];
    if (!file) die("cannot read ", path);
    for (int i = 0; i < 2 * MAX_SCRIPT && fgets(line, sizeof line, file); i++) {
        line[strcspn(line, "\n")] = 0;
        script[i / 2][i % 2] = strdup(line);
        script_steps = (i + 1) / 2;
    }
    fclose(file);
}

static void usage(void) {
    die("-p PORT [-n connections] [-u path] [-T file of tokens] [-x file: log-in] [-q subprotocol] [-j logging in at once]\n"
        "  [-s senders] [-w window | -r messages a second] [-m message] [-c chat id]... [-W warm-up s] [-d s] [-A answers: enough]\n"
        "  [-D drain s]\n"
        "  [-P pid]... [-f connections before memory is first read] [-k s between pings] [-K ping] [-X: XMPP] [-e: own echo\n"
        "  is the answer] [-g path: HTTP instead]; templates: %T token, %I number, %C chat id, %M marker, %R run", "");
}

static void read_options(int count, char **words) {
    for (int letter; (letter = getopt(count, words, "p:n:u:T:x:q:j:s:w:r:m:c:W:d:D:P:f:k:K:Xeg:A:")) != -1;) switch (letter) {
        case 'p': options.port = atoi(optarg); break;
        case 'n': options.connections = atoi(optarg); break;
        case 'u': options.path = optarg; break;
        case 'T': read_tokens(optarg); break;
        case 'x': read_script(optarg); break;
        case 'q': options.protocol = optarg; break;
        case 'j': options.at_once = atoi(optarg); break;
        case 's': options.senders = atoi(optarg); break;
        case 'w': options.window = atoi(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'm': options.message = optarg; break;
        case 'c': if (chat_count < MAX_CHATS) chats[chat_count++] = strtoull(optarg, NULL, 10); break;
        case 'A': options.enough = atoi(optarg); break;
        case 'W': options.warm = atof(optarg); break;
        case 'd': options.seconds = atof(optarg); break;
        case 'D': options.drain = atof(optarg); break;
        case 'P': if (pid_count < MAX_PIDS) pids[pid_count++] = atoi(optarg); break;
        case 'f': options.first = atoi(optarg); break;
        case 'k': options.pings = atoi(optarg); break;
        case 'K': options.ping = optarg; break;
        case 'X': options.stanzas = true; break;
        case 'e': options.own_echo_is_answer = true; break;
        case 'g': options.get = optarg; break;
        default: usage();
    }
    bool talks = options.window || options.rate > 0;
    if (!options.port || options.connections < 1 || options.senders > options.connections) usage();
    if (talks && (!options.message || options.senders < 1)) usage();
    if (options.pings && !options.ping) usage();
    if (!chat_count) chats[chat_count++] = 1;
}

#endif
