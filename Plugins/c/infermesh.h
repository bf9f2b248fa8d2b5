/* The binary interface of InferMesh's WASM plugins, version 1, for C (wasm32, no library needed). docs/plugins.md describes it.
   All records are little-endian; addresses are offsets into the module's own memory; 0 is no address. */
#ifndef INFERMESH_H
#define INFERMESH_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;
typedef double f64;

#define IM_ABI_VERSION 1
#define IM_EXPORT(name) __attribute__((export_name(#name)))
#define IM_IMPORT(name) __attribute__((import_module("infermesh"), import_name(#name)))

/* Columns: one number of 8 bytes for each target. Numbers never change, new ones are added at the end. */
enum im_column {
  IM_KEY, IM_RUNNING, IM_WAITING, IM_KV_CACHE_USAGE, IM_LOAD, IM_LOCAL_REQUESTS, IM_BATCH_SIZE, IM_MAX_BATCH_SIZE, IM_AGE_SECONDS,
  IM_PREFILL_BACKLOG_SECONDS, IM_PREFILL_SECONDS_PER_TOKEN, IM_SHARE_SECONDS_PER_TOKEN, IM_SOLO_SECONDS_PER_TOKEN, IM_SLOPE_SECONDS_PER_TOKEN,
  IM_COLD_START_SECONDS, IM_DOLLARS_PER_SECOND, IM_RTT_SECONDS, IM_BYTES_PER_SECOND, IM_DOLLARS_PER_BYTE, IM_LINK_CLASS, IM_FIRST_TOKEN_FACTOR,
  IM_DECODE_FACTOR, IM_SPREAD, IM_FAILURE_SHARE, IM_PLACE
};
#define IM_COLUMN(c) (1ULL << (c))
#define IM_WANTS_PREFIX (1ULL << 62)

struct im_batch {
  u32 version, size, targets, column_count;
  u32 columns;          /* u32[column_count]: address of each column, 0 of those that were not asked for */
  u32 parameter_count;
  u32 parameters;       /* f64[parameter_count], in the order of the manifest */
  u32 request_count;
  u32 request_size;     /* bytes from one request to the next: step by it, not by sizeof */
  u32 requests;
  i64 now_ticks;        /* UTC, 100 ns since 0001-01-01 */
};

struct im_request {
  u64 sequence, seed;
  i64 payload_bytes;
  u64 model, tenant, slo_class, session; /* hashes of names (of a session a number of it), 0 for none */
  u32 prompt_tokens, output_tokens;
  u32 verdicts;         /* u8[targets]: 0 may be picked, all else says why not */
  u32 prefix_count;
  u32 prefix;           /* u64[prefix_count] */
  u32 wanted;           /* picks wanted, 1 to 16 */
  u32 picks;            /* im_pick[wanted]: the answer, best first */
  u32 count;            /* picks written: the answer */
};

struct im_pick {
  u32 target, reserved;
  f64 score;            /* lower is better, finite */
};

_Static_assert(sizeof(struct im_batch) == 48 && sizeof(struct im_request) == 88 && sizeof(struct im_pick) == 16, "records of the interface");

IM_IMPORT(log) void im_log(int level, const char *text, u32 length);
IM_IMPORT(random) u64 im_random(void);

static inline const f64 *im_column(const struct im_batch *b, enum im_column c) { return (const f64 *)((const u32 *)b->columns)[c]; }
static inline struct im_request *im_request(const struct im_batch *b, u32 i) { return (struct im_request *)(b->requests + i * b->request_size); }

/* The buffer that the host writes to, at the end of memory; grows, never shrinks. */
extern u8 __heap_base;
static inline u32 im_reserve_at_heap(u32 bytes) {
  u32 at = ((u32)&__heap_base + 15) & ~15u, pages = (u32)__builtin_wasm_memory_size(0), end = at + bytes;
  if (end < at) return 0;
  u32 needed = (end + 65535) / 65536;
  if (needed > pages && __builtin_wasm_memory_grow(0, needed - pages) == (unsigned long)-1) return 0;
  return at;
}

/* The k best of a search, as the built-in strategies keep them: scores that differ by less than a ten-billionth are equal, and of equal ones the first behind a start that the seed draws wins. */
struct im_top {
  struct im_pick *best;
  const f64 *place;
  u32 wanted, count, start, targets;
};

static inline f64 im_comparable(f64 score) {
  union { f64 f; u64 u; } x = {score};
  x.u &= ~((1ULL << 18) - 1);
  return x.f;
}

static inline u64 im_mix(u64 z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

static inline struct im_top im_top(struct im_pick *best, u32 wanted, u64 seed, u32 targets, const f64 *place) {
  struct im_top t = {best, place, wanted, 0, targets ? (u32)(im_mix(seed + 0x9E3779B97F4A7C15ULL) % targets) : 0, targets};
  return t;
}

static inline u32 im_behind(const struct im_top *t, u32 target) {
  u32 place = (u32)t->place[target];
  return place >= t->start ? place - t->start : place - t->start + t->targets;
}

static inline int im_better(const struct im_top *t, f64 score, u32 target, const struct im_pick *other) {
  f64 a = im_comparable(score), b = im_comparable(other->score);
  return a < b || (a == b && im_behind(t, target) < im_behind(t, other->target));
}

static inline void im_offer(struct im_top *t, u32 target, f64 score) {
  if (score != score) score = __builtin_inf();
  if (t->count == t->wanted && !im_better(t, score, target, &t->best[t->count - 1])) return;
  u32 i = t->count < t->wanted ? t->count++ : t->count - 1;
  for (; i > 0 && im_better(t, score, target, &t->best[i - 1]); i--) t->best[i] = t->best[i - 1];
  t->best[i].target = target;
  t->best[i].reserved = 0;
  t->best[i].score = score;
}

#endif
