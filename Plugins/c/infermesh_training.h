/* Records of training plugins: im_place and, if there is one, im_hint. docs/plugins.md describes them. */
#ifndef INFERMESH_TRAINING_H
#define INFERMESH_TRAINING_H
#include "infermesh.h"

enum im_level { IM_REGION, IM_ZONE, IM_CELL, IM_RACK, IM_NVLINK_ISLAND, IM_NODE, IM_LEVELS };
enum im_placement_failure { IM_PLACED, IM_NO_SUCH_GPU, IM_NOT_ENOUGH_FREE, IM_TOO_LARGE, IM_DOMAIN_TOO_SMALL };
enum im_algorithm { IM_RING, IM_TREE, IM_HIERARCHICAL };

struct im_gang {
  u32 version, size, nodes;
  u32 workers, min_workers;  /* workers wanted, and how many will do */
  u32 gpus_per_worker;
  int required, preferred;   /* levels, -1 for none */
  u32 parameter_count, parameters;
  u32 room;                  /* u32[nodes]: workers that fit; nodes stand in the order of their ids */
  u32 free_gpus;             /* u32[nodes] */
  u32 room_if_empty;         /* u32[nodes]: workers that would fit if nobody held a GPU */
  u32 pace;                  /* f64[nodes]: what a GPU gets done in a second, 0 where the type will not do */
  u32 domains;               /* u32[IM_LEVELS][stride], stride = nodes rounded up to even: equal numbers are one domain, in the order of names */
  u32 groups;                /* im_group[nodes]: the answer */
  u32 group_count, failure;  /* the answer */
};

struct im_group { u32 node, workers; };

struct im_hint {
  u32 version, size, nodes, ranks_per_node;
  f64 compute_seconds, gradient_bytes, within_alpha_seconds, within_seconds_per_byte, between_alpha_seconds, between_seconds_per_byte;
  u32 parameter_count, parameters;
  f64 exchange_seconds;      /* from here on the answer */
  i64 fusion_bytes;          /* 0 for none */
  u32 compress, range_count;
  struct { i64 from_bytes; u32 algorithm, reserved; f64 seconds; } ranges[16];
};

_Static_assert(sizeof(struct im_gang) == 72 && sizeof(struct im_hint) == 480, "records of the interface");
#endif
