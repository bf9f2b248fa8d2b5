/* hybrid_mesh as a plugin: the same terms in the same order as Strategies/Routing/HybridMesh.cs, so the same ranking. Parameters as in its catalogue entry. */
#include "infermesh.h"

enum { NETWORK_WEIGHT, COLD_START_WEIGHT, SECONDS_PER_DOLLAR, THROUGHPUT_WEIGHT, UNCERTAINTY, LEARNING_RATE, MAX_CORRECTION, MEMORY_SECONDS, TAIL_WEIGHT, FAILURE_SECONDS };
enum { SMALL_SET = 128, SHORTLIST = 32, USUAL_OUTPUT_TOKENS = 128 };
static const f64 MAX_TERM = 1e9, MAX_AGE = 30;

/* Of one batch: single-threaded by contract. */
static const f64 *load, *batch_size, *age, *backlog, *prefill_per_token, *share, *solo, *slope, *cold_start, *dollars, *rtt, *rate, *dollars_per_byte;
static const f64 *first_token, *decode_factor, *spread, *failures;
static const f64 *p;

struct terms { f64 queue, prefill, decode, network, cold, money, uncertainty, balance; };

static f64 min(f64 a, f64 b) { return a < b ? a : b; }
static f64 max(f64 a, f64 b) { return a > b ? a : b; }
static f64 bounded(f64 s) { return s >= 0 && s <= MAX_TERM ? s : s < 0 ? 0 : MAX_TERM; }
static f64 total(const struct terms *t) { return t->queue + t->prefill + t->decode + t->network + t->cold + t->money + t->uncertainty + t->balance; }

static f64 lost(u32 i, f64 prefill, f64 decode_slope) {
  f64 slack = max(0, solo[i] - load[i] * prefill_per_token[i]);
  f64 hold_up = max(0, backlog[i] + prefill - slack) - max(0, backlog[i] - slack);
  return p[THROUGHPUT_WEIGHT] * (load[i] * (decode_slope + hold_up));
}

static void plain(const struct im_request *r, u32 i, struct terms *t) {
  f64 output = r->output_tokens > 0 ? r->output_tokens : USUAL_OUTPUT_TOKENS;
  f64 prefill = r->prompt_tokens * prefill_per_token[i];
  f64 n = min(load[i] + 1, batch_size[i]);
  f64 decode = output * max(solo[i] + slope[i] * (n - 1), n * share[i]);
  f64 waiting = load[i] + 1 - batch_size[i];
  f64 queue = (waiting > 0 ? waiting * (prefill + decode) / batch_size[i] : 0) + backlog[i];
  f64 payload = (f64)r->payload_bytes;
  f64 money = p[SECONDS_PER_DOLLAR] > 0 ? p[SECONDS_PER_DOLLAR] * (dollars[i] * (prefill + output * share[i]) + payload * dollars_per_byte[i]) : 0;
  t->queue = bounded(queue);
  t->prefill = bounded(prefill);
  t->decode = bounded(decode);
  t->network = bounded(p[NETWORK_WEIGHT] * (rtt[i] + payload / rate[i]));
  t->cold = bounded(cold_start[i] < __builtin_inf() ? p[COLD_START_WEIGHT] * cold_start[i] : MAX_TERM);
  t->money = bounded(money);
  t->uncertainty = bounded(p[UNCERTAINTY] * min(age[i], MAX_AGE) * (queue + prefill + decode));
  t->balance = bounded(p[THROUGHPUT_WEIGHT] > 0 ? lost(i, prefill, slope[i] * output) : 0);
}

static f64 corrected(const struct im_request *r, u32 i) {
  struct terms t;
  plain(r, i, &t);
  f64 output = r->output_tokens > 0 ? r->output_tokens : USUAL_OUTPUT_TOKENS;
  f64 queue = t.queue * first_token[i], prefill = t.prefill * first_token[i], decode = t.decode * decode_factor[i];
  f64 balance = lost(i, prefill, slope[i] * output * decode_factor[i]);
  f64 risk = p[TAIL_WEIGHT] * spread[i] * (queue + prefill) + p[FAILURE_SECONDS] * failures[i];
  t.queue = bounded(queue);
  t.prefill = bounded(prefill);
  t.decode = bounded(decode);
  t.uncertainty = bounded(t.uncertainty + risk);
  t.balance = bounded(balance);
  return total(&t);
}

static void rank(const struct im_batch *b, struct im_request *r) {
  const u8 *verdict = (const u8 *)r->verdicts;
  struct im_top top = im_top((struct im_pick *)r->picks, r->wanted, r->seed, b->targets, im_column(b, IM_PLACE));
  if (b->targets <= SMALL_SET) {
    for (u32 i = 0; i < b->targets; i++)
      if (!verdict[i]) im_offer(&top, i, corrected(r, i));
  } else {
    /* Two stages, as the built-in has them: the best by plain cost, then those with what was learned. */
    struct im_pick list[SHORTLIST];
    struct im_top plainly = im_top(list, SHORTLIST, r->seed, b->targets, im_column(b, IM_PLACE));
    for (u32 i = 0; i < b->targets; i++) {
      if (verdict[i]) continue;
      struct terms t;
      plain(r, i, &t);
      im_offer(&plainly, i, total(&t));
    }
    for (u32 i = 0; i < plainly.count; i++) im_offer(&top, list[i].target, corrected(r, list[i].target));
  }
  r->count = top.count;
}

IM_EXPORT(im_abi_version) u32 im_abi_version(void) { return IM_ABI_VERSION; }
IM_EXPORT(im_reserve) u32 im_reserve(u32 bytes) { return im_reserve_at_heap(bytes); }

IM_EXPORT(im_columns) u64 im_columns(void) {
  return IM_COLUMN(IM_LOAD) | IM_COLUMN(IM_BATCH_SIZE) | IM_COLUMN(IM_AGE_SECONDS) | IM_COLUMN(IM_PREFILL_BACKLOG_SECONDS) | IM_COLUMN(IM_PREFILL_SECONDS_PER_TOKEN) |
         IM_COLUMN(IM_SHARE_SECONDS_PER_TOKEN) | IM_COLUMN(IM_SOLO_SECONDS_PER_TOKEN) | IM_COLUMN(IM_SLOPE_SECONDS_PER_TOKEN) | IM_COLUMN(IM_COLD_START_SECONDS) |
         IM_COLUMN(IM_DOLLARS_PER_SECOND) | IM_COLUMN(IM_RTT_SECONDS) | IM_COLUMN(IM_BYTES_PER_SECOND) | IM_COLUMN(IM_DOLLARS_PER_BYTE) | IM_COLUMN(IM_FIRST_TOKEN_FACTOR) |
         IM_COLUMN(IM_DECODE_FACTOR) | IM_COLUMN(IM_SPREAD) | IM_COLUMN(IM_FAILURE_SHARE) | IM_COLUMN(IM_PLACE);
}

IM_EXPORT(im_rank) int im_rank(const struct im_batch *b) {
  load = im_column(b, IM_LOAD);
  batch_size = im_column(b, IM_BATCH_SIZE);
  age = im_column(b, IM_AGE_SECONDS);
  backlog = im_column(b, IM_PREFILL_BACKLOG_SECONDS);
  prefill_per_token = im_column(b, IM_PREFILL_SECONDS_PER_TOKEN);
  share = im_column(b, IM_SHARE_SECONDS_PER_TOKEN);
  solo = im_column(b, IM_SOLO_SECONDS_PER_TOKEN);
  slope = im_column(b, IM_SLOPE_SECONDS_PER_TOKEN);
  cold_start = im_column(b, IM_COLD_START_SECONDS);
  dollars = im_column(b, IM_DOLLARS_PER_SECOND);
  rtt = im_column(b, IM_RTT_SECONDS);
  rate = im_column(b, IM_BYTES_PER_SECOND);
  dollars_per_byte = im_column(b, IM_DOLLARS_PER_BYTE);
  first_token = im_column(b, IM_FIRST_TOKEN_FACTOR);
  decode_factor = im_column(b, IM_DECODE_FACTOR);
  spread = im_column(b, IM_SPREAD);
  failures = im_column(b, IM_FAILURE_SHARE);
  p = (const f64 *)b->parameters;
  for (u32 i = 0; i < b->request_count; i++) rank(b, im_request(b, i));
  return 0;
}
