/* How a large call is cut into parts. */
#include "parts.h"

#include <string.h>

#include "check.h"

fastrelu_kernel *fastrelu_kernel_at(const struct fastrelu_kernels *table, size_t entry) {
  fastrelu_kernel *kernel;
  memcpy(&kernel, (const char *)table + entry, sizeof kernel); /* of another type there */
  return kernel;
}

/* Parts begin at multiples of so many elements: lines of a mask, and whole lines of everything else. */
enum { BOUNDARY = 512 };

/* No part is empty: kernels are never called for nothing. */
_Static_assert(LEAST_PART >= BOUNDARY * MOST_BUFFERS * sizeof(double),
               "parts of less than a boundary's elements");

struct flat_job {
  const struct fastrelu_call *call;
  fastrelu_kernel *kernel;
  size_t parts;
};

static void do_flat_part(void *argument, size_t index) {
  const struct flat_job *job = argument;
  const struct fastrelu_range part = part_of(job->call->n, BOUNDARY, index, job->parts);
  job->call->apply(job->call, job->kernel, part.begin, part.end - part.begin);
}

static enum walk walk_of(size_t bytes, bool in_place) {
  if (in_place) return bytes >= fastrelu_in_place_threshold() && fetches_pages() ? IN_PLACE : CACHED;
  return bytes >= fastrelu_streaming_threshold() ? STREAMING : CACHED;
}

fastrelu_status fastrelu_call_large(const struct fastrelu_call *call) {
  const size_t n = call->n, bytes = n * call->site->bytes;
  CHECK_SIZE(call->site->size);
  const struct fastrelu_kernels *const table = kernels() + walk_of(bytes, call->in_place);
  struct flat_job job = {call, fastrelu_kernel_at(table, call->site->entry), fastrelu_parts(bytes)};
  if (job.parts == 1) return call->apply(call, job.kernel, 0, n);
  return fastrelu_run(do_flat_part, &job, job.parts);
}

/* ---- operations over channels ---------------------------------------------------------------------------- */

struct channel_map {
  fastrelu_channel_map *kernel;
  const char *x, *parameters;
  char *y;
  size_t size, channels, inner, n, parts;
};

/* The elements from begin to end: the rest of a run, the rest of a row, whole rows, and what is left, as far as each
 * occurs. */
static void do_channel_map_part(void *argument, size_t index) {
  const struct channel_map *m = argument;
  const struct fastrelu_range part = part_of(m->n, BOUNDARY, index, m->parts);
  const size_t row = m->channels * m->inner;
  for (size_t at = part.begin; at < part.end;) {
    const size_t left = part.end - at, into_run = at % m->inner, channel = at / m->inner % m->channels;
    size_t outer = 1, channels = 1, inner = m->inner;
    if (into_run > 0 || left < inner) {
      inner = inner - into_run < left ? inner - into_run : left;
    } else if (channel > 0 || left < row) {
      channels = m->channels - channel < left / inner ? m->channels - channel : left / inner;
    } else {
      outer = left / row;
      channels = m->channels;
    }
    m->kernel(m->x + at * m->size, m->parameters + channel * m->size, m->y + at * m->size, outer, channels,
              inner);
    at += outer * channels * inner;
  }
}

fastrelu_status fastrelu_channel_map_large(const void *x, const void *parameters, void *y, size_t outer,
                                           size_t channels, size_t inner, size_t entry, size_t size) {
  const size_t n = outer * channels * inner, bytes = 2 * n * size, parts = fastrelu_parts(bytes);
  const struct fastrelu_kernels *const table = kernels() + walk_of(bytes, x == y);
  fastrelu_channel_map *const kernel = (fastrelu_channel_map *)fastrelu_kernel_at(table, entry);
  if (parts == 1) return kernel(x, parameters, y, outer, channels, inner);
  struct channel_map m = {kernel, x, parameters, y, size, channels, channels > 1 ? inner : n, n, parts};
  return fastrelu_run(do_channel_map_part, &m, parts);
}

/* A reduction is cut into runs of rows, or of channels.
 *
 * Rows are cut where single elements alternate: a run is of LEAF times a power of two of them, a node of each channel's
 * tree of sums, handed over on the stack and joined as the tree has it. There may be more runs than workers, for they
 * are unlike where the rows are no power of two. Channels of single elements are cut into units of COLUMNS. */
enum { HANDED_OVER = 2048, LEAF = 256, COLUMNS = 64, RUNS_A_WORKER = 4 };

union entry {
  double sum;
  uint64_t count;
};

struct reduction_job {
  const struct fastrelu_reduction *r;
  size_t parts;
  size_t unit;              /* rows of a run, or the least channels */
  union entry *handed_over; /* of each channel, by run */
};

static void do_rows(void *argument, size_t index) {
  const struct reduction_job *job = argument;
  const struct fastrelu_reduction *r = job->r;
  const size_t row = index * job->unit, left = r->outer - row;
  const struct fastrelu_block block = {row * r->channels, left < job->unit ? left : job->unit, 0,
                                       r->channels};
  union entry *const entries = job->handed_over + index * r->channels;
  for (size_t c = 0; c < r->channels; c++) entries[c].count = 0;
  r->apply(r, block, entries, true);
}

static void do_channels(void *argument, size_t index) {
  const struct reduction_job *job = argument;
  const struct fastrelu_reduction *r = job->r;
  const struct fastrelu_range part = part_of(r->channels, job->unit, index, job->parts);
  const struct fastrelu_block block = {part.begin * r->inner, r->outer, part.begin, part.end - part.begin};
  r->apply(r, block, r->entries + part.begin * r->entry_size, false);
}

/* Whole runs merge as leaves do, like a binary counter; then comes the last one, if it is shorter. */
static double joined_sum(const struct reduction_job *job, const union entry *of_channel) {
  const size_t stride = job->r->channels, whole = job->r->outer / job->unit;
  double nodes[64];
  for (size_t k = 0; k < whole; k++) {
    double sum = of_channel[k * stride].sum;
    size_t level = 0;
    for (; k >> level & 1; level++) sum = nodes[level] + sum;
    nodes[level] = sum;
  }
  double sum = whole < job->parts ? of_channel[whole * stride].sum : 0;
  for (size_t level = 0; whole >> level; level++) {
    if (whole >> level & 1) sum = nodes[level] + sum;
  }
  return sum;
}

static void join_runs(const struct reduction_job *job, size_t channel) {
  const struct fastrelu_reduction *r = job->r;
  const union entry *const of_channel = job->handed_over + channel;
  if (r->counts) {
    uint64_t *const count = (uint64_t *)(void *)r->entries + channel;
    for (size_t k = 0; k < job->parts; k++) *count += of_channel[k * r->channels].count;
  } else if (r->entry_size == sizeof(double)) {
    ((double *)(void *)r->entries)[channel] = joined_sum(job, of_channel);
  } else {
    ((float *)(void *)r->entries)[channel] = (float)joined_sum(job, of_channel);
  }
}

static fastrelu_status reduce_rows(struct reduction_job *job) {
  union entry handed_over[HANDED_OVER];
  job->handed_over = handed_over;
  const fastrelu_status status = fastrelu_run(do_rows, job, job->parts);
  for (size_t c = 0; status == FASTRELU_OK && c < job->r->channels; c++) join_runs(job, c);
  return status;
}

fastrelu_status fastrelu_reduce_large(struct fastrelu_reduction r) {
  const size_t workers = fastrelu_parts(r.bytes);
  const bool in_place = r.dx == r.x || r.dx == r.dy; /* a count's kernel is the same everywhere */
  r.kernel = fastrelu_kernel_at(kernels() + walk_of(r.bytes, in_place), r.entry);
  if (workers > 1) {
    if (r.channels == 1) r.outer *= r.inner, r.inner = 1;
    struct reduction_job rows = {&r, 1, LEAF, NULL}, channels = {&r, 1, r.inner == 1 ? COLUMNS : 1, NULL};
    const size_t units = r.channels / channels.unit;
    channels.parts = units < workers ? units : workers;
    if (r.inner == 1 && r.channels <= HANDED_OVER / 2) {
      const size_t room = HANDED_OVER / r.channels;
      const size_t most = workers < room / RUNS_A_WORKER ? workers * RUNS_A_WORKER : room;
      while ((r.outer - 1) / rows.unit >= most) rows.unit *= 2;
      rows.parts = (r.outer - 1) / rows.unit + 1;
    }
    if (rows.parts > 1 && (rows.parts >= workers || rows.parts >= channels.parts)) return reduce_rows(&rows);
    if (channels.parts > 1) return fastrelu_run(do_channels, &channels, channels.parts);
  }
  r.apply(&r, (struct fastrelu_block){0, r.outer, 0, r.channels}, r.entries, false);
  return FASTRELU_OK;
}
