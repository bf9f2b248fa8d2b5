/*
 * Test double for libnvidia-ml.so.1. Every exported function checks its session, answers values that differ by device and
 * by field, and fails with whatever code a test sets under the function's own name. Built by the tests:
 *   gcc -shared -fPIC -O1 -Wall -Werror -o <copy>.so nvml_stub.c [-DNO_INIT] [-DNO_COUNT] [-DOLD] [-DNEW]
 * -DNO_INIT  a library that is no NVML       -DOLD  an old NVML: no v2 memory, no MIG, no power limit
 * -DNO_COUNT an essential function is absent -DNEW  a new NVML: the throttle export has its new name only
 */
#include <stdio.h>
#include <string.h>

typedef int nvmlReturn_t;
typedef struct device { int index; int slice; } *nvmlDevice_t; /* slice < 0: a whole GPU */
typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
typedef struct { unsigned int version; unsigned long long total, reserved, free, used; } nvmlMemory_v2_t;
typedef struct { unsigned int gpu, memory; } nvmlUtilization_t;
typedef struct { char busIdLegacy[16]; unsigned int domain, bus, device, pciDeviceId, pciSubSystemId; char busId[32]; } nvmlPciInfo_t;
typedef struct { unsigned int pid; unsigned long long usedGpuMemory; unsigned int gpuInstanceId, computeInstanceId; } nvmlProcessInfo_v2_t;
typedef struct { unsigned int sm, copy, dec, enc, jpeg, ofa, gi, ci; unsigned long long memoryMb; } nvmlDeviceAttributes_t;

typedef struct { unsigned int fieldId, scopeId; long long timestamp, latencyUsec; unsigned int valueType; nvmlReturn_t nvmlReturn; union { double d; unsigned int ui; unsigned long long ull; int si; } value; } nvmlFieldValue_t;
typedef struct { nvmlDevice_t device; unsigned long long eventType, eventData; unsigned int gpuInstanceId, computeInstanceId; } nvmlEventData_t;

enum { MAX_DEVICES = 16, MAX_SLICES = 4, MAX_KEYS = 128 };
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

static struct { char key[64]; int value; } settings[MAX_KEYS];
static int used_settings, session, sessions;
static struct device devices[MAX_DEVICES], slices[MAX_DEVICES][MAX_SLICES];

static int get(const char *key, int fallback) {
    for (int i = 0; i < used_settings; i++)
        if (strcmp(settings[i].key, key) == 0)
            return settings[i].value;
    return fallback;
}

void stub_set(const char *key, int value) {
    for (int i = 0; i < used_settings; i++)
        if (strcmp(settings[i].key, key) == 0) {
            settings[i].value = value;
            return;
        }
    if (used_settings == MAX_KEYS)
        return;
    snprintf(settings[used_settings].key, sizeof settings[0].key, "%s", key);
    settings[used_settings++].value = value;
}

int stub_sessions(void) { return sessions; } /* how often a session was opened */
int stub_open(void) { return session; }      /* whether one is open now */

#define SESSION() do { if (!session) return 1; int code_ = get(__func__, 0); if (code_) return code_; } while (0)
#define DEVICE(d) do { SESSION(); if (!(d)) return 2; if (get("lost", -1) == (d)->index) return 15; } while (0)

static nvmlReturn_t text(char *to, unsigned int room, const char *from) {
    if (strlen(from) + 1 > room)
        return 7;
    strcpy(to, from);
    return 0;
}

#ifndef NO_INIT
nvmlReturn_t nvmlInit_v2(void) {
    int code = get(__func__, 0);
    if (code)
        return code;
    session = 1;
    sessions++;
    for (int i = 0; i < MAX_DEVICES; i++) {
        devices[i].index = i;
        devices[i].slice = -1;
        for (int s = 0; s < MAX_SLICES; s++) {
            slices[i][s].index = i;
            slices[i][s].slice = s;
        }
    }
    return 0;
}
#endif
nvmlReturn_t nvmlShutdown(void) { SESSION(); session = 0; return 0; }
#ifndef NO_COUNT
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *n) { SESSION(); *n = (unsigned int)get("count", 2); return 0; }
#endif
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int i, nvmlDevice_t *d) {
    SESSION();
    if ((int)i >= get("count", 2) || i >= MAX_DEVICES)
        return 2;
    if (get("lost_handle", -1) == (int)i)
        return 15;
    *d = &devices[(int)i + get("first", 0)];
    return 0;
}
nvmlReturn_t nvmlSystemGetDriverVersion(char *s, unsigned int n) { SESSION(); return text(s, n, "580.105.08"); }
nvmlReturn_t nvmlSystemGetNVMLVersion(char *s, unsigned int n) { SESSION(); return text(s, n, "13.580.105.08"); }

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t d, char *s, unsigned int n) {
    DEVICE(d);
    char name[96];
    if (d->slice >= 0 && get("mig_named", 0))
        snprintf(name, sizeof name, "Stub GPU %d MIG 1g.10gb+me", d->index);
    else
        snprintf(name, sizeof name, "Stub GPU %d", d->index);
    return text(s, n, name);
}
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t d, char *s, unsigned int n) {
    DEVICE(d);
    char uuid[96];
    if (d->slice >= 0)
        snprintf(uuid, sizeof uuid, "MIG-%08d-slice-%d", d->index, d->slice);
    else
        snprintf(uuid, sizeof uuid, "GPU-%08d-0000-0000-0000-000000000000", d->index);
    return text(s, n, uuid);
}
nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t d, nvmlPciInfo_t *p) {
    DEVICE(d);
    memset(p, 0, sizeof *p);
    strcpy(p->busIdLegacy, "legacy");
    p->domain = 1; p->bus = 0x30 + (unsigned int)d->index; p->device = 2; p->pciDeviceId = 0x233510DE; p->pciSubSystemId = 0x18BE10DE;
    snprintf(p->busId, sizeof p->busId, "00000001:%02X:02.0", p->bus);
    return 0;
}
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t d, nvmlMemory_t *m) {
    DEVICE(d);
    if (d->slice >= 0) {
        m->total = 9984 * MIB; m->used = (100 + (unsigned int)d->slice) * MIB; m->free = m->total - m->used;
        return 0;
    }
    m->total = 80 * GIB; m->used = (11 + (unsigned int)d->index) * GIB; m->free = m->total - m->used;
    return 0;
}
#ifndef OLD
nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t d, nvmlMemory_v2_t *m) {
    DEVICE(d);
    if (m->version != (sizeof *m | (2U << 24)))
        return 25;
    m->total = 80 * GIB; m->reserved = GIB; m->used = (10 + (unsigned int)d->index) * GIB; m->free = m->total - m->reserved - m->used;
    if (get("used_with_reserve", 0))
        m->used += m->reserved;
    return 0;
}
nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t d, unsigned int *mw) { DEVICE(d); *mw = 700000; return 0; }
#endif
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t d, nvmlUtilization_t *u) {
    DEVICE(d);
    if (get("mig", 0))
        return 3;
    u->gpu = 40 + (unsigned int)d->index; u->memory = 20 + (unsigned int)d->index;
    return 0;
}
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t d, int sensor, unsigned int *c) { DEVICE(d); if (sensor != 0) return 2; *c = 60 + (unsigned int)d->index; return 0; }
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t d, unsigned int *mw) { DEVICE(d); *mw = 350500 + (unsigned int)d->index; return 0; }
nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t d, int clock, unsigned int *mhz) {
    DEVICE(d);
    if (clock != 1 && clock != 2)
        return 2;
    *mhz = (clock == 1 ? 1980U : 2619U) + (unsigned int)d->index;
    return 0;
}
nvmlReturn_t nvmlDeviceGetTotalEccErrors(nvmlDevice_t d, int error, int counter, unsigned long long *n) {
    DEVICE(d);
    if (error < 0 || error > 1 || counter < 0 || counter > 1)
        return 2;
    *n = (1ULL << 33) + (unsigned long long)(error * 10 + counter * 100 + d->index);
    return 0;
}
#ifdef NEW
nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t d, unsigned long long *r) { DEVICE(d); *r = 0x20; return 0; }
#else
nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t d, unsigned long long *r) { DEVICE(d); *r = d->index == 0 ? 0x44 : 0x1; return 0; }
#endif
nvmlReturn_t nvmlDeviceGetPersistenceMode(nvmlDevice_t d, unsigned int *on) { DEVICE(d); *on = d->index == 0; return 0; }
nvmlReturn_t nvmlDeviceGetPerformanceState(nvmlDevice_t d, unsigned int *p) { DEVICE(d); *p = (unsigned int)get("pstate", d->index); return 0; }

#ifndef OLD
nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t d, unsigned int *current, unsigned int *pending) {
    DEVICE(d);
    *current = (unsigned int)get("mig", 0); *pending = 1;
    return 0;
}
nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t d, unsigned int *n) { DEVICE(d); *n = MAX_SLICES; return 0; }
nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t d, unsigned int i, nvmlDevice_t *slice) {
    DEVICE(d);
    if (i == 1 || i >= MAX_SLICES) /* slots are sparse, as on a real GPU */
        return 6;
    *slice = &slices[d->index][i];
    return 0;
}
nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t d, unsigned int *id) { DEVICE(d); if (d->slice < 0) return 2; *id = 7 + (unsigned int)d->slice; return 0; }
nvmlReturn_t nvmlDeviceGetComputeInstanceId(nvmlDevice_t d, unsigned int *id) { DEVICE(d); if (d->slice < 0) return 2; *id = (unsigned int)d->slice; return 0; }
nvmlReturn_t nvmlDeviceGetAttributes_v2(nvmlDevice_t d, nvmlDeviceAttributes_t *a) {
    DEVICE(d);
    memset(a, 0xEE, sizeof *a);
    a->sm = 16;
    a->gi = d->slice == 3 ? 3 : 1;
    a->ci = 1;
    a->memoryMb = d->slice == 3 ? 40192 : 9984;
    return 0;
}
#endif

/* Values by number. "field_<id>" is the code that one field fails with, "links" how many NVLink links there are (0: the GPU knows none). */
nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t d, int n, nvmlFieldValue_t *v) {
    DEVICE(d);
    for (int i = 0; i < n; i++) {
        char key[32];
        snprintf(key, sizeof key, "field_%u", v[i].fieldId);
        v[i].nvmlReturn = get(key, 0);
        v[i].valueType = 1;
        v[i].value.ull = 0;
        if (v[i].nvmlReturn)
            continue;
        switch (v[i].fieldId) {
        case 82: v[i].value.ui = 70U + (unsigned int)d->index; break;
        case 29: v[i].value.ui = 3U + (unsigned int)d->index; break;
        case 30: v[i].valueType = 5; v[i].value.si = get("retired_double", 1); break;
        case 31: v[i].value.ui = (unsigned int)(d->index == 0); break;
        case 91: if (get("links", 4)) v[i].value.ui = (unsigned int)get("links", 4); else v[i].nvmlReturn = 3; break;
        case 138: case 139: /* KiB, over all links only */
            if (v[i].scopeId != 0xFFFFFFFFU) { v[i].nvmlReturn = 2; break; }
            v[i].valueType = 3; v[i].value.ull = (1ULL << 33) + v[i].fieldId; break;
        default: v[i].nvmlReturn = 3;
        }
    }
    return 0;
}
#ifndef OLD
nvmlReturn_t nvmlDeviceGetRemappedRows(nvmlDevice_t d, unsigned int *corr, unsigned int *unc, unsigned int *pending, unsigned int *failed) {
    DEVICE(d);
    *corr = 5; *unc = 6; *pending = d->index == 1; *failed = d->index == 0;
    return 0;
}
#endif
nvmlReturn_t nvmlDeviceGetPcieThroughput(nvmlDevice_t d, int counter, unsigned int *kbs) { DEVICE(d); if (counter < 0 || counter > 1) return 2; *kbs = counter == 0 ? 4000U : 7000U; return 0; }
nvmlReturn_t nvmlDeviceGetPcieReplayCounter(nvmlDevice_t d, unsigned int *n) { DEVICE(d); *n = 11U + (unsigned int)d->index; return 0; }
nvmlReturn_t nvmlDeviceGetNvLinkState(nvmlDevice_t d, unsigned int link, unsigned int *active) { DEVICE(d); *active = link != 1; return 0; }
nvmlReturn_t nvmlDeviceGetNvLinkErrorCounter(nvmlDevice_t d, unsigned int link, int counter, unsigned long long *n) {
    DEVICE(d);
    if (link == 1 || counter < 0 || counter > 3) /* no link is up there */
        return 2;
    *n = (unsigned long long)(counter + 1) * 10 + link;
    return 0;
}

#ifndef OLD
/* Neighbours by index share a switch and two links; a third link leads to an NVLink switch. */
nvmlReturn_t nvmlDeviceGetTopologyCommonAncestor(nvmlDevice_t d, nvmlDevice_t o, int *level) { DEVICE(d); if (!o) return 2; *level = (d->index ^ 1) == o->index ? 10 : 50; return 0; }
nvmlReturn_t nvmlDeviceGetNvLinkRemotePciInfo_v2(nvmlDevice_t d, unsigned int link, nvmlPciInfo_t *p) {
    DEVICE(d);
    if (link > 3)
        return 2;
    if (link == 1) /* no link is there */
        return 3;
    memset(p, 0, sizeof *p);
    if (link == 3)
        strcpy(p->busId, "00000001:F0:00.0");
    else
        snprintf(p->busId, sizeof p->busId, "00000001:%02X:02.0", 0x30 + (unsigned int)(d->index ^ 1));
    return 0;
}
#endif

/* Events. "xid" is delivered once, for the device "xid_gpu", when that device is registered. */
static int event_set, event_set_open, registered[MAX_DEVICES];
nvmlReturn_t nvmlEventSetCreate(int **set) { SESSION(); event_set_open++; memset(registered, 0, sizeof registered); *set = &event_set; return 0; }
nvmlReturn_t nvmlEventSetFree(int *set) { SESSION(); if (set != &event_set) return 2; event_set_open--; return 0; }
nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t d, unsigned long long types, int *set) {
    DEVICE(d);
    if (set != &event_set || types != 8)
        return 2;
    registered[d->index] = 1;
    return 0;
}
nvmlReturn_t nvmlEventSetWait_v2(int *set, nvmlEventData_t *data, unsigned int timeout) {
    SESSION();
    int gpu = get("xid_gpu", 0), xid = get("xid", 0);
    if (set != &event_set || timeout != 0)
        return 2;
    if (xid == 0 || !registered[gpu])
        return 10;
    stub_set("xid", 0);
    data->device = &devices[gpu]; data->eventType = 8; data->eventData = (unsigned long long)xid; data->gpuInstanceId = data->computeInstanceId = 0xFFFFFFFFU;
    return 0;
}
int stub_event_sets(void) { return event_set_open; } /* event sets that were not freed */

static nvmlReturn_t processes(int have, unsigned int first, unsigned int *n, nvmlProcessInfo_v2_t *infos) {
    if ((int)*n < have) {
        *n = (unsigned int)have;
        return 7;
    }
    for (int i = 0; i < have; i++) {
        infos[i].pid = first + (unsigned int)i;
        infos[i].usedGpuMemory = i == 1 ? ~0ULL : (5 + (unsigned long long)i) * GIB;
        infos[i].gpuInstanceId = get("mig", 0) ? 7U : 0xFFFFFFFFU;
        infos[i].computeInstanceId = get("mig", 0) ? 0U : 0xFFFFFFFFU;
    }
    *n = (unsigned int)have;
    return 0;
}
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t d, unsigned int *n, nvmlProcessInfo_v2_t *infos) { DEVICE(d); return processes(get("compute", 2), 1000, n, infos); }
nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t d, unsigned int *n, nvmlProcessInfo_v2_t *infos) { DEVICE(d); return processes(get("graphics", 1), 2000, n, infos); }
