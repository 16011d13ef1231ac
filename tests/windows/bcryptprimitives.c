/* Wine 8 has no bcryptprimitives.dll, of which the standard library of Rust imports this one function. For tests; never delivered. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE octets, SIZE_T count) {
    for (SIZE_T step; count; octets += step, count -= step) {
        step = count < 1 << 20 ? count : 1 << 20;
        if (!SystemFunction036(octets, (ULONG)step)) return FALSE;
    }
    return TRUE;
}
