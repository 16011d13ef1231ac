/* The end of a session, as Windows goes about it: each program that has windows is asked, is told, and once its windows have answered
   is killed where it has not ended. Wine's own (wineboot) counts late answers of a program that has ended for the next one: it kills that too
   soon, or never tells it. The status: how many were killed. */
#include <windows.h>
#include <stdlib.h>

#define SECONDS_MAX 30
#define WINDOWS_MAX 256

static struct found { HWND window; DWORD process; } all[WINDOWS_MAX];
static int count;

static BOOL CALLBACK note(HWND window, LPARAM desktop)
{
    DWORD process = 0;
    GetWindowThreadProcessId(window, &process);
    if (process != (DWORD)desktop && process != GetCurrentProcessId() && count < WINDOWS_MAX)
        all[count++] = (struct found){ window, process };
    return TRUE;
}

static int by_process(const void *one, const void *other)
{
    DWORD a = ((const struct found *)one)->process, b = ((const struct found *)other)->process;
    return (a > b) - (a < b);
}

/* Whether all have answered: a window that goes with its program has not. */
static BOOL say(const struct found *first, int windows, UINT message, WPARAM what)
{
    BOOL all_answered = TRUE;
    for (int i = 0; i < windows; i++) {
        DWORD_PTR answer;
        all_answered &= SendMessageTimeoutW(first[i].window, message, what, 0, SMTO_NORMAL, SECONDS_MAX * 1000, &answer) != 0;
    }
    return all_answered;
}

int main(void)
{
    DWORD desktop = 0;
    int killed = 0, windows;
    GetWindowThreadProcessId(GetDesktopWindow(), &desktop);
    EnumWindows(note, desktop);
    qsort(all, count, sizeof all[0], by_process);
    for (int i = 0; i < count; i += windows) {
        HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_TERMINATE, FALSE, all[i].process);
        for (windows = 1; i + windows < count && all[i + windows].process == all[i].process; windows++) {}
        if (!process)
            continue;
        say(all + i, windows, WM_QUERYENDSESSION, 0);
        DWORD patience = say(all + i, windows, WM_ENDSESSION, TRUE) ? 0 : SECONDS_MAX * 1000;
        if (WaitForSingleObject(process, patience) == WAIT_TIMEOUT) {
            TerminateProcess(process, 1);
            killed++;
        }
        CloseHandle(process);
    }
    return killed;
}
