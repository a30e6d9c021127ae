/* Clocks, processor time of other processes, their memory, and a histogram of latencies. */
#ifndef FIGURES_H
#define FIGURES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static uint64_t microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Seconds of processor time, all threads, finer than the ticks of /proc/PID/stat; pid 0 is this process. */
static double processor_seconds(pid_t pid) {
    clockid_t clock;
    struct timespec spent;
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &spent)) return 0;
    return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

/* KiB of physical memory. */
static long resident_kib(pid_t pid) {
    char path[64];
    long total, resident;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

#define BUCKET_US 10
#define BUCKETS 3000000 /* 30 s; what takes longer is counted as that */

typedef struct {
    uint32_t *counts;
    uint64_t total;
} histogram;

static void histogram_add(histogram *h, uint64_t us) {
    if (!h->counts) h->counts = calloc(BUCKETS, sizeof *h->counts);
    uint64_t bucket = us / BUCKET_US;
    h->counts[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    h->total++;
}

/* Milliseconds that this share of the entries does not exceed; -1 where there are none. */
static double histogram_share(const histogram *h, double share) {
    if (!h->total) return -1;
    uint64_t wanted = (uint64_t)((double)h->total * share), seen = 0;
    if (wanted >= h->total) wanted = h->total - 1;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        seen += h->counts[bucket];
        if (seen > wanted) return (bucket + 1) * (BUCKET_US / 1000.0);
    }
    return -1;
}

#endif
