/* binpack as a plugin: as Strategies/Training/NodeByNode.cs, the fullest nodes first, within the smallest of the coarsest domains that have room. */
#include "infermesh_training.h"

static const struct im_gang *gang;
static const u32 *room, *free_gpus, *domains;

static u32 stride(void) { return (gang->nodes + 1) & ~1u; }
static int same(int level, u32 a, u32 b) { return level < 0 || domains[(u32)level * stride() + a] == domains[(u32)level * stride() + b]; }

static u32 room_of(int level, u32 node) {
  u32 sum = 0;
  for (u32 i = 0; i < gang->nodes; i++)
    if (same(level, node, i)) sum += room[i];
  return sum;
}

/* The first node of each domain of a level stands for it. */
static int is_first(int level, u32 node) {
  if (!room[node]) return 0;
  for (u32 i = 0; i < node; i++)
    if (room[i] && same(level, node, i)) return 0;
  return 1;
}

static u32 why_not(void) {
  u32 all = 0, free = 0;
  const u32 *empty = (const u32 *)gang->room_if_empty;
  for (u32 i = 0; i < gang->nodes; i++) {
    all += empty[i];
    free += room[i];
  }
  return free >= gang->min_workers ? IM_DOMAIN_TOO_SMALL : !all ? IM_NO_SUCH_GPU : all < gang->min_workers ? IM_TOO_LARGE : IM_NOT_ENOUGH_FREE;
}

/* The least roomy domain with room for so many, at the coarsest level from a given one on that has any; ties go to the first by name. */
static int find(int from, u32 workers, int *level, u32 *node) {
  for (int l = from; l < IM_LEVELS; l++) {
    u32 least = 0, at = 0;
    for (u32 i = 0; i < gang->nodes; i++) {
      if (!is_first(l, i)) continue;
      u32 here = room_of(l, i);
      if (here < workers || (least && here > least)) continue;
      if (least == here && l >= 0 && domains[(u32)l * stride() + i] > domains[(u32)l * stride() + at]) continue;
      least = here;
      at = i;
    }
    if (!least) continue;
    *level = l;
    *node = at;
    return 1;
  }
  return 0;
}

IM_EXPORT(im_abi_version) u32 im_abi_version(void) { return IM_ABI_VERSION; }
IM_EXPORT(im_reserve) u32 im_reserve(u32 bytes) { return im_reserve_at_heap(bytes); }

IM_EXPORT(im_place) int im_place(struct im_gang *g) {
  gang = g;
  room = (const u32 *)g->room;
  free_gpus = (const u32 *)g->free_gpus;
  domains = (const u32 *)g->domains;
  struct im_group *groups = (struct im_group *)g->groups;

  u32 most = 0;
  for (u32 i = 0; i < g->nodes; i++)
    if (room[i] && room_of(g->required, i) > most) most = room_of(g->required, i);
  u32 left = most < g->workers ? most : g->workers;
  if (left < g->min_workers || !left) {
    g->failure = why_not();
    return 0;
  }
  int level = -1;
  u32 node = 0;
  int preferred = g->preferred > g->required ? g->preferred : g->required;
  if (!find(preferred, left, &level, &node) && !find(g->required, left, &level, &node)) return 1;
  /* Again and again the fullest node that is left. */
  while (left) {
    u32 best = g->nodes;
    for (u32 i = 0; i < g->nodes; i++) {
      int taken = 0;
      for (u32 k = 0; k < g->group_count; k++) taken |= groups[k].node == i;
      if (room[i] && !taken && same(level, node, i) && (best == g->nodes || free_gpus[i] < free_gpus[best])) best = i;
    }
    if (best == g->nodes) return 1;
    u32 here = left < room[best] ? left : room[best];
    groups[g->group_count].node = best;
    groups[g->group_count++].workers = here;
    left -= here;
  }
  return 0;
}

/* A ring for all sizes: an example of the records, not a good hint. */
IM_EXPORT(im_hint) int im_hint(struct im_hint *h) {
  f64 ranks = (f64)h->nodes * h->ranks_per_node;
  f64 alpha = h->nodes > 1 && h->between_alpha_seconds > h->within_alpha_seconds ? h->between_alpha_seconds : h->within_alpha_seconds;
  f64 per_byte = h->nodes > 1 && h->between_seconds_per_byte > h->within_seconds_per_byte ? h->between_seconds_per_byte : h->within_seconds_per_byte;
  h->exchange_seconds = ranks < 2 ? 0 : 2 * (ranks - 1) * (alpha + h->gradient_bytes / ranks * per_byte);
  h->range_count = 1;
  h->ranges[0].algorithm = IM_RING;
  h->ranges[0].seconds = ranks < 2 ? 0 : 2 * (ranks - 1) * alpha;
  return 0;
}
