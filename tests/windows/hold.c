/* Keeps a file open and shared with nobody, as Thunderbird its lock. Usage: hold.exe FILE. */
#include <windows.h>

int main(int count, char **words) {
    if (count != 2) return 2;
    HANDLE held = CreateFileA(words[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (held == INVALID_HANDLE_VALUE) return 1;
    Sleep(INFINITE);
}
