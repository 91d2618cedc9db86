/*
 * Load generator for the door: one thread, epoll, keep-alive. Each connection sends its next order as soon as the last
 * one is answered (closed loop); or, with a rate, orders come at their times whatever became of the others (open loop),
 * and one that finds no connection free is not sent but counted. Every order has a reference of its own, written over a
 * mark in a ready-made body, so that an order costs about 15 microseconds of CPU and the generator does not become the
 * bottleneck.
 *
 * Prints one line of JSON; latencies are those of accepted orders. Any lost connection ends it with an error: figures of
 * a faltering run are worth nothing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK "@@REF10@@@" /* ten characters, replaced by the ten digits of the reference */
#define MARK_LENGTH 10
#define MARKS_LIMIT 8
#define VARIANTS 16
#define PATIENCE_MS 30000
#define NANO 1000000000ull

struct template {
    char *bytes;
    size_t length;
    size_t marks[MARKS_LIMIT];
    int count;
};

struct connection {
    int fd, waits_to_write;
    uint64_t started;
    char *request;
    size_t length, written, received;
    char answer[16384];
};

static const char *path = "/orders", *credentials = "", *folder = ".";
static int port, connections = 1, lines = 10;
static double seconds, rate;
static uint32_t limit = UINT32_MAX, first_reference = 1000000000u;

static struct template templates[VARIANTS];
static int poller;
static struct connection **idle;
static int idle_count;
static uint32_t sent, unsent, accepted, refused, busy, failed, answered_in_time, accepted_in_time;
static uint32_t *latencies, latencies_room;
static uint64_t begun, last_answer;

static void end_with(const char *what) {
    fprintf(stderr, "loadgen: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(2);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * NANO + (uint64_t)time.tv_nsec;
}

static char *read_file(const char *name, size_t *length) {
    FILE *file = fopen(name, "rb");
    if (!file) end_with(name);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length);
    if (!bytes || fread(bytes, 1, *length, file) != *length) end_with(name);
    fclose(file);
    return bytes;
}

static void load_template(struct template *into, int variant) {
    char name[4096];
    size_t body_length;
    snprintf(name, sizeof name, "%s/%d-%d.json", folder, lines, variant);
    char *body = read_file(name, &body_length);
    into->bytes = malloc(body_length + 2048);
    int head = snprintf(into->bytes, 2048,
                        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Basic %s\r\n"
                        "X-Forwarded-For: 192.0.2.10\r\nX-Forwarded-Proto: https\r\n"
                        "Content-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n\r\n",
                        path, port, credentials, body_length);
    memcpy(into->bytes + head, body, body_length);
    into->length = (size_t)head + body_length;
    free(body);
    char *end = into->bytes + into->length, *at = into->bytes;
    while ((at = memmem(at, (size_t)(end - at), MARK, MARK_LENGTH))) {
        if (into->count == MARKS_LIMIT) end_with("too many marks in a template");
        into->marks[into->count++] = (size_t)(at - into->bytes);
        at += MARK_LENGTH;
    }
    if (!into->count) end_with("a template has no mark for the reference");
}

static void watch(struct connection *connection, int operation, int writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0u), .data.ptr = connection};
    if (epoll_ctl(poller, operation, connection->fd, &event)) end_with("epoll_ctl");
    connection->waits_to_write = writing;
}

static void dial(struct connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1;
    inet_aton("127.0.0.1", &address.sin_addr);
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->fd < 0 || connect(connection->fd, (void *)&address, sizeof address)) end_with("connect");
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
    watch(connection, EPOLL_CTL_ADD, 0);
}

static void write_on(struct connection *connection) {
    while (connection->written < connection->length) {
        ssize_t count = write(connection->fd, connection->request + connection->written,
                              connection->length - connection->written);
        if (count < 0 && errno == EAGAIN) {
            if (!connection->waits_to_write) watch(connection, EPOLL_CTL_MOD, 1);
            return;
        }
        if (count < 0) end_with("write");
        connection->written += (size_t)count;
    }
    if (connection->waits_to_write) watch(connection, EPOLL_CTL_MOD, 0);
}

static int more_to_send(uint64_t time) {
    return sent < limit && (seconds <= 0 || (double)(time - begun) < seconds * NANO);
}

static void send_next(struct connection *connection, uint64_t time) {
    struct template *from = &templates[sent % VARIANTS];
    char reference[MARK_LENGTH + 2];
    snprintf(reference, sizeof reference, "%010u", first_reference + sent);
    memcpy(connection->request, from->bytes, from->length);
    for (int i = 0; i < from->count; i++) memcpy(connection->request + from->marks[i], reference, MARK_LENGTH);
    connection->length = from->length;
    connection->written = connection->received = 0;
    connection->started = time;
    sent++;
    write_on(connection);
}

static void note(uint64_t latency) {
    if (accepted == latencies_room) {
        latencies_room = latencies_room ? 2 * latencies_room : 65536;
        latencies = realloc(latencies, latencies_room * sizeof *latencies);
        if (!latencies) end_with("out of memory");
    }
    latencies[accepted++] = (uint32_t)(latency / 1000);
}

/* 1 once the whole answer is there. */
static int receive(struct connection *connection) {
    ssize_t count = read(connection->fd, connection->answer + connection->received,
                         sizeof connection->answer - 1 - connection->received);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count <= 0) end_with("the server closed a connection");
    connection->received += (size_t)count;
    connection->answer[connection->received] = 0;
    char *body = strstr(connection->answer, "\r\n\r\n"), *length;
    if (!body) return 0;
    length = strcasestr(connection->answer, "\r\ncontent-length:");
    if (!length) end_with("an answer without Content-Length");
    body += 4;
    return connection->received - (size_t)(body - connection->answer) >= strtoul(length + 17, NULL, 10);
}

static void take_answer(struct connection *connection) {
    uint64_t time = now();
    int in_time = seconds <= 0 || (double)(time - begun) <= seconds * NANO, ok = 0;
    if (!strncmp(connection->answer + 8, " 503", 4)) busy++;
    else if (strncmp(connection->answer + 8, " 200", 4)) failed++;
    else if (!strstr(connection->answer, "\"OK\"")) refused++;
    else ok = 1;
    if (ok) note(time - connection->started);
    last_answer = time;
    answered_in_time += in_time;
    accepted_in_time += in_time && ok;
    if (rate > 0) idle[idle_count++] = connection;
    else if (more_to_send(time)) send_next(connection, time);
}

static uint32_t answered(void) { return accepted + refused + busy + failed; }

/* Open loop: send what is due by now. */
static void send_due(void) {
    uint64_t time = now();
    double passed = (double)(time - begun) / NANO;
    double due = rate * (seconds > 0 && passed > seconds ? seconds : passed);
    while ((double)sent + unsent < due && sent < limit) {
        if (idle_count) send_next(idle[--idle_count], time);
        else unsent++;
    }
}

static void run(struct connection *all) {
    struct epoll_event events[256];
    begun = last_answer = now();
    for (int i = 0; i < connections; i++) {
        if (rate > 0) idle[idle_count++] = &all[i];
        else if (more_to_send(begun)) send_next(&all[i], now());
    }
    while (answered() < sent || (rate > 0 && more_to_send(now()))) {
        if (rate > 0) send_due();
        int count = epoll_wait(poller, events, 256, rate > 0 ? 1 : PATIENCE_MS);
        if (count == 0 && answered() < sent && now() - last_answer > PATIENCE_MS * (NANO / 1000))
            end_with("no answer for 30 seconds");
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) write_on(connection);
            if ((events[i].events & ~(uint32_t)EPOLLOUT) && receive(connection)) take_answer(connection);
        }
    }
}

static int compare(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

static double percentile(double part, uint32_t count) {
    return count ? latencies[(uint32_t)(part * (count - 1) + 0.5)] / 1000.0 : 0;
}

static void report(void) {
    struct rusage usage;
    double taken = seconds > 0 ? seconds : (double)(last_answer - begun) / NANO;
    qsort(latencies, accepted, sizeof *latencies, compare);
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"accepted\":%u,\"refused\":%u,\"busy\":%u,\"failed\":%u,\"unsent\":%u,\"per_second\":%.1f,"
           "\"answers_per_second\":%.1f,\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"cpu_seconds\":%.3f}\n",
           accepted, refused, busy, failed, unsent, accepted_in_time / taken, answered_in_time / taken,
           percentile(.5, accepted), percentile(.95, accepted), percentile(.99, accepted),
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
}

static void read_options(int count, char **given) {
    int option;
    while ((option = getopt(count, given, "p:u:a:d:l:c:t:n:b:r:")) != -1) switch (option) {
        case 'p': port = atoi(optarg); break;
        case 'u': path = optarg; break;
        case 'a': credentials = optarg; break;
        case 'd': folder = optarg; break;
        case 'l': lines = atoi(optarg); break;
        case 'c': connections = atoi(optarg); break;
        case 't': seconds = atof(optarg); break;
        case 'n': limit = (uint32_t)strtoul(optarg, NULL, 10); break;
        case 'b': first_reference = (uint32_t)strtoul(optarg, NULL, 10); break;
        case 'r': rate = atof(optarg); break;
        default:
            fputs("loadgen -p port [-u path] [-a base64(user:password)] -d folder-of-templates [-l lines]\n"
                  "        [-c connections] (-t seconds | -n orders) [-b first-reference] [-r orders-a-second]\n",
                  stderr);
            exit(2);
    }
    if (!port || connections < 1 || (seconds <= 0 && limit == UINT32_MAX)) end_with("needs -p, and -t or -n");
}

int main(int count, char **given) {
    read_options(count, given);
    signal(SIGPIPE, SIG_IGN);
    size_t longest = 0;
    for (int i = 0; i < VARIANTS; i++) {
        load_template(&templates[i], i);
        if (templates[i].length > longest) longest = templates[i].length;
    }
    poller = epoll_create1(0);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    idle = calloc((size_t)connections, sizeof(struct connection *));
    if (!all || !idle) end_with("out of memory");
    for (int i = 0; i < connections; i++) {
        all[i].request = malloc(longest);
        if (!all[i].request) end_with("out of memory");
        dial(&all[i]);
    }
    run(all);
    report();
    return 0;
}
