/* A program of the same Windows user as the relay: hands what comes to LISTEN over to TARGET, both on loopback. The tests' own mail
   programs are not of that Windows, and are refused. Usage: forward.exe LISTEN TARGET; says "ready" when it listens. */
#include <winsock2.h>
#include <stdio.h>
#include <stdlib.h>

struct pair { SOCKET from, to; };

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((u_short)port) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

static DWORD WINAPI pump(void *given) {
    struct pair *pair = given;
    char octets[16384];
    int got, sent;
    while ((got = recv(pair->from, octets, sizeof octets, 0)) > 0)
        for (int at = 0; at < got; at += sent)
            if ((sent = send(pair->to, octets + at, got - at, 0)) <= 0) goto end;
end:
    shutdown(pair->to, SD_SEND);
    shutdown(pair->from, SD_RECEIVE);
    free(pair);
    return 0;
}

static void begin(SOCKET from, SOCKET to) {
    struct pair *pair = malloc(sizeof *pair);
    *pair = (struct pair){ from, to };
    CloseHandle(CreateThread(NULL, 0, pump, pair, 0, NULL));
}

int main(int count, char **words) {
    WSADATA data;
    if (count != 3 || WSAStartup(MAKEWORD(2, 2), &data)) return 2;
    struct sockaddr_in own = loopback(atoi(words[1])), target = loopback(atoi(words[2]));
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&own, sizeof own) || listen(listener, 64)) return 1;
    puts("ready");
    fflush(stdout);
    for (;;) {
        SOCKET client = accept(listener, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0);
        if (client == INVALID_SOCKET) return 1;
        if (connect(server, (struct sockaddr *)&target, sizeof target)) { closesocket(client); closesocket(server); continue; }
        begin(client, server);
        begin(server, client);
    }
}
