/* Trains a small network on handwritten digits, or on any images in IDX files, with the library's ReLU or one of
 * its variants; then looks at what it did: which units it left silent, how long it took on each instruction set,
 * and how the gradient would have fared with sigmoid and tanh in its place. Or compares ReLU with its variants.
 * `digits --help` lists the options. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fastrelu.h"
#include "timing.h"
#include "training.h"

enum {
  MAX_HIDDEN = 64,       /* layers */
  MAX_UNITS = 1 << 16,   /* of a layer */
  PROBE_IMAGES = 4096,   /* enough to time ReLU and to measure gradients, however many there are */
  COMPARISON_UNITS = 64, /* of each layer in the deep networks */
  COMPARISON_EPOCHS = 6, /* long enough to tell a network that learns from one that does not */
  COMPARISON_BATCH = 32, /* the smaller batch and rate are for the depth */
  NARROW_UNITS = 16,     /* of each layer in the deep networks that compare ReLU with its variants */
  NARROW_SEEDS = 5,
};
static const float default_rate = 0.02f, comparison_rate = 0.01f, momentum = 0.9f;

struct options {
  const char *train_images, *train_labels, *test_images, *test_labels;
  int hidden[MAX_HIDDEN], hidden_layers;
  const char *activation, *code;
  int epochs, batch, depth, repeats, compare;
  float rate;
  uint64_t seed;
  const char *out;
};

static void usage(void) {
  puts(
      "usage: digits [option]...\n"
      "Trains a multilayer perceptron on images in IDX files, by default on the digits of this project.\n"
      "  --train-images FILE  --train-labels FILE\n"
      "  --test-images FILE   --test-labels FILE\n"
      "  --hidden N[,N]...    units of the hidden layers (256,128,64)\n"
      "  --activation NAME    relu, leaky, prelu, relu6, squared, sigmoid or tanh (relu)\n"
      "  --activation-code C  what computes it: mask (relu alone) and tensor are the library, which keeps a\n"
      "                       bit an element or a tensor for the gradient, plain is a C loop\n"
      "  --epochs N           passes over the training images (20)\n"
      "  --batch N            images a step (64)\n"
      "  --rate X             learning rate (0.02; squared: 0.001)\n"
      "  --seed N             of the initial weights and the order of the images (1)\n"
      "  --repeats N          how often the activation is timed on each instruction set; 0: not at all (5)\n"
      "  --depth N            hidden layers of the networks that compare relu, sigmoid and tanh, and of the\n"
      "                       narrow ones of --compare; 0: no such networks (10)\n"
      "  --compare            instead of all else: train with relu and each of its variants, and compare\n"
      "                       accuracy, sparsity and dead units; squared at a twentieth of the rate\n"
      "  --out DIR            write what plot.py draws into this folder\n"
      "  --help\n"
      "OPENBLAS_NUM_THREADS=1 in the environment is best for matrices as small as these.");
}

/* ---- command line ---------------------------------------------------------------------------------------- */

static unsigned long long whole_number(const char *option, const char *text, unsigned long long smallest,
                                       unsigned long long largest) {
  char *end = NULL;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end || errno || value < smallest || value > largest) {
    errx(EXIT_FAILURE, "--%s %s: expected a whole number from %llu to %llu", option, text, smallest, largest);
  }
  return value;
}

static void parse_hidden(struct options *o, const char *text) {
  char *copy = strdup(text), *rest = copy, *part;
  if (!copy) errx(EXIT_FAILURE, "out of memory");
  o->hidden_layers = 0;
  while ((part = strsep(&rest, ","))) {
    if (o->hidden_layers == MAX_HIDDEN) errx(EXIT_FAILURE, "--hidden: more than %d layers", MAX_HIDDEN);
    o->hidden[o->hidden_layers++] = (int)whole_number("hidden", part, 1, MAX_UNITS);
  }
  free(copy);
}

/* The choices are the names of all activations, or the codes of the one named. */
static _Noreturn void refuse(const char *option, const char *given, const char *name) {
  char choices[128] = "";
  for (const struct activation *a = activations; a->name; a++) {
    if (name ? strcmp(a->name, name) != 0 : activation_find(a->name, NULL) != a) continue;
    const size_t used = strlen(choices);
    snprintf(choices + used, sizeof choices - used, "%s%s", used ? ", " : "", name ? a->code : a->name);
  }
  errx(EXIT_FAILURE, "--%s %s: expected one of %s", option, given, choices);
}

static void parse_options(struct options *o, int argc, char **argv) {
  enum {
    TRAIN_IMAGES,
    TRAIN_LABELS,
    TEST_IMAGES,
    TEST_LABELS,
    HIDDEN,
    ACTIVATION,
    CODE,
    EPOCHS,
    BATCH,
    RATE,
    SEED,
    REPEATS,
    DEPTH,
    COMPARE,
    OUT,
    HELP
  };
  static const struct option names[] = {
      {"train-images", required_argument, NULL, TRAIN_IMAGES},
      {"train-labels", required_argument, NULL, TRAIN_LABELS},
      {"test-images", required_argument, NULL, TEST_IMAGES},
      {"test-labels", required_argument, NULL, TEST_LABELS},
      {"hidden", required_argument, NULL, HIDDEN},
      {"activation", required_argument, NULL, ACTIVATION},
      {"activation-code", required_argument, NULL, CODE},
      {"epochs", required_argument, NULL, EPOCHS},
      {"batch", required_argument, NULL, BATCH},
      {"rate", required_argument, NULL, RATE},
      {"seed", required_argument, NULL, SEED},
      {"repeats", required_argument, NULL, REPEATS},
      {"depth", required_argument, NULL, DEPTH},
      {"compare", no_argument, NULL, COMPARE},
      {"out", required_argument, NULL, OUT},
      {"help", no_argument, NULL, HELP},
      {NULL, 0, NULL, 0},
  };
  int code;
  while ((code = getopt_long(argc, argv, "", names, NULL)) != -1) {
    switch (code) {
      case TRAIN_IMAGES:
        o->train_images = optarg;
        break;
      case TRAIN_LABELS:
        o->train_labels = optarg;
        break;
      case TEST_IMAGES:
        o->test_images = optarg;
        break;
      case TEST_LABELS:
        o->test_labels = optarg;
        break;
      case HIDDEN:
        parse_hidden(o, optarg);
        break;
      case ACTIVATION:
        o->activation = optarg;
        break;
      case CODE:
        o->code = optarg;
        break;
      case EPOCHS:
        o->epochs = (int)whole_number("epochs", optarg, 1, 1000000);
        break;
      case BATCH:
        o->batch = (int)whole_number("batch", optarg, 1, 1 << 16);
        break;
      case RATE: {
        char *end = NULL;
        o->rate = strtof(optarg, &end);
        if (end == optarg || *end || !(o->rate > 0) || isinf(o->rate)) {
          errx(EXIT_FAILURE, "--rate %s: expected a positive number", optarg);
        }
        break;
      }
      case SEED:
        o->seed = whole_number("seed", optarg, 0, UINT64_MAX);
        break;
      case REPEATS:
        o->repeats = (int)whole_number("repeats", optarg, 0, 1000);
        break;
      case DEPTH:
        o->depth = (int)whole_number("depth", optarg, 0, MAX_HIDDEN);
        break;
      case COMPARE:
        o->compare = 1;
        break;
      case OUT:
        o->out = optarg;
        break;
      case HELP:
        usage();
        exit(EXIT_SUCCESS);
      default:
        fputs("Try `digits --help`.\n", stderr);
        exit(EXIT_FAILURE);
    }
  }
  if (optind < argc) errx(EXIT_FAILURE, "%s: unexpected; try `digits --help`", argv[optind]);
  const struct activation *activation = activation_find(o->activation, NULL);
  if (!activation) refuse("activation", o->activation, NULL);
  if (o->rate == 0) o->rate = default_rate * (o->compare ? 1 : activation->rate_factor);
  if (!activation_find(o->activation, o->code)) refuse("activation-code", o->code, o->activation);
}

/* ---- progress and results -------------------------------------------------------------------------------- */

static struct {
  char task[64]; /* what stands beside the bar */
  double drawn;  /* when */
} bar;

static int on_terminal(void) {
  const char *terminal = getenv("TERM");
  return isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

/* Twenty times a second at most. */
static void draw_bar(size_t done, size_t all) {
  enum { WIDTH = 40 };
  const double now = seconds();
  if (now - bar.drawn < 0.05) return;
  bar.drawn = now;
  const int full = (int)((double)done / (double)all * WIDTH);
  printf("\r[%.*s%*s] %s\033[K", full, "########################################", WIDTH - full, "",
         bar.task);
  fflush(stdout);
}

static void erase_bar(void) {
  if (on_terminal()) fputs("\r\033[K", stdout);
}

/* A file in the folder of --out, with its first line; NULL without --out. */
static FILE *open_results(const struct options *o, const char *name, const char *header) {
  if (!o->out) return NULL;
  char path[4096];
  if ((size_t)snprintf(path, sizeof path, "%s/%s", o->out, name) >= sizeof path) {
    errx(EXIT_FAILURE, "%s: too long", o->out);
  }
  FILE *file = fopen(path, "w");
  if (!file) err(EXIT_FAILURE, "%s", path);
  fprintf(file, "%s\n", header);
  return file;
}

static void close_results(const struct options *o, const char *name, FILE *file) {
  if (!file) return;
  const int failed = ferror(file);
  if (fclose(file) != 0 || failed) errx(EXIT_FAILURE, "%s/%s: cannot write", o->out, name);
}

/* A network and what trains it, both from the seed. */
static void start(struct network *network, struct training *training, const struct dataset *data,
                  const int *hidden, int hidden_layers, int batch, float rate, uint64_t seed,
                  const struct activation *activation) {
  int sizes[MAX_HIDDEN + 2] = {data->pixels};
  memcpy(sizes + 1, hidden, (size_t)hidden_layers * sizeof *hidden);
  sizes[hidden_layers + 1] = data->classes;
  if (network_create(network, sizes, hidden_layers + 1, batch, activation, seed) != 0 ||
      training_create(training, data, batch, rate, momentum, seed) != 0) {
    errx(EXIT_FAILURE, "out of memory");
  }
}

/* ---- what the program shows ------------------------------------------------------------------------------ */

static void train(const struct options *o, struct training *training, struct network *network,
                  const struct dataset *test) {
  FILE *results = open_results(o, "epochs.csv", "epoch,train_loss,train_accuracy,test_loss,test_accuracy");
  if (on_terminal()) training->progress = draw_bar;
  printf("epoch  train loss  train accuracy  test loss  test accuracy  seconds\n");
  for (int epoch = 1; epoch <= o->epochs; epoch++) {
    snprintf(bar.task, sizeof bar.task, "epoch %d of %d", epoch, o->epochs);
    const double begin = seconds();
    const struct score mean = training_epoch(training, network, SIZE_MAX);
    const double end = seconds();
    const struct score tested = training_evaluate(training, network, test);
    erase_bar();
    if (!isfinite(mean.loss)) {
      errx(EXIT_FAILURE, "the loss is not finite any more in epoch %d: try a smaller --rate", epoch);
    }
    printf("%5d  %10.4f  %13.2f%%  %9.4f  %12.2f%%  %7.2f\n", epoch, mean.loss, 100 * mean.accuracy,
           tested.loss, 100 * tested.accuracy, end - begin);
    fflush(stdout);
    if (results) {
      fprintf(results, "%d,%.6f,%.6f,%.6f,%.6f\n", epoch, mean.loss, mean.accuracy, tested.loss,
              tested.accuracy);
    }
  }
  printf("weights after %d epochs: %016" PRIx64 "\n", o->epochs, network_hash(network));
  close_results(o, "epochs.csv", results);
}

/* What the units of a hidden layer do. */
struct activity {
  double on; /* the share of their activations that are, over the images */
  int units, never_on;
};

static void measure_activity(struct training *training, struct network *network, const struct dataset *data,
                             struct activity activity[]) {
  uint64_t *active[MAX_HIDDEN];
  for (int l = 0; l + 1 < network->layers; l++) {
    active[l] = calloc((size_t)network->layer[l].outputs, sizeof *active[l]);
    if (!active[l]) errx(EXIT_FAILURE, "out of memory");
  }
  training_count_active(training, network, data, active);
  for (int l = 0; l + 1 < network->layers; l++) {
    struct activity *a = &activity[l];
    *a = (struct activity){.units = network->layer[l].outputs};
    uint64_t sum = 0;
    for (int u = 0; u < a->units; u++) {
      sum += active[l][u];
      a->never_on += active[l][u] == 0;
    }
    a->on = (double)sum / (double)data->items / a->units;
    free(active[l]);
  }
}

static void show_activity(struct training *training, struct network *network) {
  struct activity activity[MAX_HIDDEN];
  measure_activity(training, network, training->data, activity);
  printf("\nOver all training images\nhidden layer  units     off  dead units (never on)\n");
  for (int l = 0; l + 1 < network->layers; l++) {
    printf("%12d  %5d  %5.1f%%  %10d\n", l + 1, activity[l].units, 100 - 100 * activity[l].on,
           activity[l].never_on);
  }
}

/* Each way to compute the activation trains the same network for one epoch. */
struct contender {
  const char *isa; /* NULL: the C loop, which no ISA changes */
  const struct activation *activation;
  double *forward, *backward, *epoch; /* seconds, one for each repeat */
  uint64_t hash;
};

static void time_epoch(const struct options *o, const struct dataset *data, struct contender *c, int repeat) {
  if (c->isa && fastrelu_use_isa(c->isa) != FASTRELU_OK)
    errx(EXIT_FAILURE, "%s: not usable any more", c->isa);
  struct network network;
  struct training training;
  start(&network, &training, data, o->hidden, o->hidden_layers, o->batch, o->rate, o->seed, c->activation);
  const double begin = seconds();
  training_epoch(&training, &network, PROBE_IMAGES);
  c->epoch[repeat] = seconds() - begin;
  c->forward[repeat] = network.forward_seconds;
  c->backward[repeat] = network.backward_seconds;
  c->hash = network_hash(&network);
  training_free(&training);
  network_free(&network);
  fastrelu_use_isa(NULL);
}

/* Each ISA with each code of the library's, and the C loop. Returns how many; the caller frees them. */
static int list_contenders(const char *name, struct contender **contenders) {
  const char *const none[] = {NULL};
  int count = 0;
  for (int plain = 0; plain < 2; plain++) {
    const char *const *isa = plain ? none : fastrelu_isa_list();
    do {
      for (const struct activation *a = activations; a->name; a++) {
        if (strcmp(a->name, name) != 0 || (strcmp(a->code, "plain") == 0) != plain) continue;
        *contenders = realloc(*contenders, (size_t)(count + 1) * sizeof **contenders);
        if (!*contenders) errx(EXIT_FAILURE, "out of memory");
        (*contenders)[count++] = (struct contender){.isa = *isa, .activation = a};
      }
    } while (*isa && *++isa);
  }
  return count;
}

/* Returns -1 if the contenders disagree on the weights. */
static int show_isas(const struct options *o, const struct dataset *data) {
  struct contender *contenders = NULL;
  const int count = list_contenders(o->activation, &contenders);
  if (count < 2) { /* sigmoid and tanh: the C loop is alone */
    free(contenders);
    return 0;
  }
  double *times = calloc((size_t)count * 3 * (size_t)o->repeats, sizeof *times);
  if (!times) errx(EXIT_FAILURE, "out of memory");
  for (int c = 0; c < count; c++) {
    contenders[c].forward = times + (size_t)(3 * c) * (size_t)o->repeats;
    contenders[c].backward = contenders[c].forward + o->repeats;
    contenders[c].epoch = contenders[c].backward + o->repeats;
  }
  for (int repeat = 0; repeat < o->repeats; repeat++) { /* interleaved: what disturbs one, disturbs all */
    for (int c = 0; c < count; c++) time_epoch(o, data, &contenders[c], repeat);
  }

  const size_t images = data->items < PROBE_IMAGES ? data->items : PROBE_IMAGES;
  printf("\n%s in the first epoch, %zu images, median of %d runs\n", o->activation, images, o->repeats);
  printf("ISA       code    forward ms  backward ms  of the epoch  weights after it\n");
  int same = 1;
  for (int c = 0; c < count; c++) {
    const double forward = median(contenders[c].forward, (size_t)o->repeats);
    const double backward = median(contenders[c].backward, (size_t)o->repeats);
    printf("%-8s  %-6s  %10.3f  %11.3f  %11.2f%%  %016" PRIx64 "\n",
           contenders[c].isa ? contenders[c].isa : "C loop", contenders[c].activation->code, 1e3 * forward,
           1e3 * backward, 100 * (forward + backward) / median(contenders[c].epoch, (size_t)o->repeats),
           contenders[c].hash);
    same &= contenders[c].hash == contenders[0].hash;
  }
  free(times);
  free(contenders);
  if (!same) {
    fflush(stdout);
    warnx(
        "the weights differ; some BLAS add in another order each time they use threads: try "
        "OPENBLAS_NUM_THREADS=1");
  }
  return same ? 0 : -1;
}

/* A training to compare activations in. */
struct setting {
  char layers[64]; /* the hidden ones, in words */
  int hidden[MAX_HIDDEN], hidden_layers;
  int batch, seeds;
  float rate; /* for ReLU */
};

/* One row of the comparison: the means over the seeds, and the units of all of them. */
static void compare_one(const struct options *o, const struct setting *s, const struct activation *activation,
                        const struct dataset *data, const struct dataset *test, FILE *results) {
  const float rate = activation->rate_factor * s->rate;
  double time = 0, accuracy = 0, on = 0;
  int units = 0, never_on = 0, finite = 1;
  for (int seed = 0; seed < s->seeds && finite; seed++) {
    struct network network;
    struct training training;
    start(&network, &training, data, s->hidden, s->hidden_layers, s->batch, rate, o->seed + (uint64_t)seed,
          activation);
    if (on_terminal()) training.progress = draw_bar;
    for (int epoch = 1; epoch <= o->epochs && finite; epoch++) {
      snprintf(bar.task, sizeof bar.task, "%.16s: %s, epoch %d of %d", s->layers, activation->name, epoch,
               o->epochs);
      const double begin = seconds();
      finite = isfinite(training_epoch(&training, &network, SIZE_MAX).loss);
      time += seconds() - begin;
    }
    struct activity trained[MAX_HIDDEN], tested[MAX_HIDDEN];
    accuracy += training_evaluate(&training, &network, test).accuracy;
    measure_activity(&training, &network, data, trained);
    measure_activity(&training, &network, test, tested);
    for (int l = 0; l < s->hidden_layers; l++) {
      on += tested[l].on * tested[l].units;
      units += tested[l].units;
      never_on += trained[l].never_on;
    }
    training_free(&training);
    network_free(&network);
  }
  erase_bar();
  accuracy /= s->seeds;
  double off = 1 - on / units;
  printf("%-13s  %-10s  %13g  ", s->layers, activation->name, rate);
  if (finite) {
    printf("%12.1f%%  %5.1f%%  %4d of %d  %7.2f\n", 100 * accuracy, 100 * off, never_on, units,
           time / s->seeds);
  } else {
    puts("the loss is not finite any more");
    accuracy = off = NAN;
  }
  fflush(stdout);
  if (results) {
    fprintf(results, "%s,%s,%g,%.6f,%.6f,%d,%d\n", s->layers, activation->name, rate, accuracy, off, never_on,
            units);
  }
}

/* The same training with ReLU and with each of its variants; then that of a deep network so narrow that a few
 * dead units cut it off, often enough to see more than chance. */
static void compare_variants(const struct options *o, const struct dataset *data,
                             const struct dataset *test) {
  struct setting given = {.hidden_layers = o->hidden_layers, .batch = o->batch, .seeds = 1, .rate = o->rate};
  struct setting narrow = {
      .hidden_layers = o->depth, .batch = COMPARISON_BATCH, .seeds = NARROW_SEEDS, .rate = comparison_rate};
  for (int l = 0; l < given.hidden_layers; l++) {
    const size_t used = strlen(given.layers);
    given.hidden[l] = o->hidden[l];
    snprintf(given.layers + used, sizeof given.layers - used, "%s%d", l ? "-" : "", o->hidden[l]);
  }
  for (int l = 0; l < narrow.hidden_layers; l++) narrow.hidden[l] = NARROW_UNITS;
  snprintf(narrow.layers, sizeof narrow.layers, "%d x %d", o->depth, NARROW_UNITS);

  FILE *results =
      open_results(o, "activations.csv", "layers,activation,learning_rate,test_accuracy,off,never_on,units");
  printf(
      "\nThe same %d epochs with each\n"
      "hidden layers  activation  learning rate  test accuracy     off     never on  seconds\n",
      o->epochs);
  for (const struct setting *s = &given; s; s = s == &given && o->depth > 0 ? &narrow : NULL) {
    for (const struct activation *a = activations; a->name; a++) {
      if (a->gain > 0 && activation_find(a->name, NULL) == a) compare_one(o, s, a, data, test, results);
    }
  }
  printf(
      "off: hidden activations of x <= 0 on the test images, exactly 0 but for leaky and prelu\n"
      "never on: hidden units that no training image turns on\n");
  if (o->depth > 0) {
    printf("%s: layers of so many units; means over %d seeds, and the units of all\n", narrow.layers,
           NARROW_SEEDS);
  }
  close_results(o, "activations.csv", results);
}

static void write_norms(FILE *results, const char *activation, int epochs, const double *norm, int layers) {
  for (int l = 0; results && l < layers; l++)
    fprintf(results, "%s,%d,%d,%.9g\n", activation, epochs, l + 1, norm[l]);
}

static void compare_depth(const struct options *o, const struct dataset *data, const struct dataset *test) {
  static const char *const names[] = {"relu", "sigmoid", "tanh"};
  enum { KINDS = sizeof names / sizeof *names };
  double before[KINDS][MAX_HIDDEN + 1], after[KINDS][MAX_HIDDEN + 1];
  struct score tested[KINDS];
  int hidden[MAX_HIDDEN];
  for (int l = 0; l < o->depth; l++) hidden[l] = COMPARISON_UNITS;

  FILE *results = open_results(o, "gradients.csv", "activation,epochs,layer,norm");
  for (int a = 0; a < KINDS; a++) {
    struct network network;
    struct training training;
    start(&network, &training, data, hidden, o->depth, COMPARISON_BATCH, comparison_rate, o->seed,
          activation_find(names[a], NULL));
    if (on_terminal()) training.progress = draw_bar;
    training_gradient_norms(&training, &network, PROBE_IMAGES, before[a]);
    for (int epoch = 1; epoch <= COMPARISON_EPOCHS; epoch++) {
      snprintf(bar.task, sizeof bar.task, "%d layers of %s, epoch %d of %d", o->depth, names[a], epoch,
               COMPARISON_EPOCHS);
      training_epoch(&training, &network, SIZE_MAX);
    }
    erase_bar();
    training_gradient_norms(&training, &network, PROBE_IMAGES, after[a]);
    tested[a] = training_evaluate(&training, &network, test);
    write_norms(results, names[a], 0, before[a], o->depth + 1);
    write_norms(results, names[a], COMPARISON_EPOCHS, after[a], o->depth + 1);
    training_free(&training);
    network_free(&network);
  }
  close_results(o, "gradients.csv", results);

  printf("\nThe norm of the gradient of each layer's weights, %d hidden layers of %d units\n", o->depth,
         COMPARISON_UNITS);
  printf("        before training                after %d epochs\nlayer ", COMPARISON_EPOCHS);
  for (int twice = 0; twice < 2; twice++) {
    for (int a = 0; a < KINDS; a++) printf("  %8s", names[a]);
  }
  putchar('\n');
  for (int l = 0; l <= o->depth; l++) {
    printf("%5d ", l + 1);
    for (int a = 0; a < KINDS; a++) printf("  %8.1e", before[a][l]);
    for (int a = 0; a < KINDS; a++) printf("  %8.1e", after[a][l]);
    putchar('\n');
  }
  printf("accuracy on the test images%9s", "");
  for (int a = 0; a < KINDS; a++) printf("  %7.1f%%", 100 * tested[a].accuracy);
  putchar('\n');
  for (int a = 0; a < KINDS; a++) {
    if (!isfinite(tested[a].loss))
      printf("The loss with %s is not finite: its gradient exploded.\n", names[a]);
  }
}

/* The functions as they are computed, for the plot. */
static void write_functions(const struct options *o) {
  enum { POINTS = 2001 };
  static float x[POINTS], y[POINTS], derivative[3][POINTS];
  static uint8_t mask[POINTS / 8 + 1];
  static const char *const names[] = {"relu", "sigmoid", "tanh"};
  for (int i = 0; i < POINTS; i++) x[i] = (float)(i - POINTS / 2) / 100.0f;
  for (int kind = 2; kind >= 0; kind--) { /* ReLU last: y is its output */
    for (int i = 0; i < POINTS; i++) derivative[kind][i] = 1.0f;
    memcpy(y, x, sizeof x);
    const struct elements e = {
        .x = y, .y = y, .dy = derivative[kind], .mask = mask, .rows = 1, .units = POINTS};
    const struct activation *activation = activation_find(names[kind], NULL);
    activation->forward(&e);
    activation->backward(&e);
  }
  FILE *results =
      open_results(o, "functions.csv", "x,relu,relu_derivative,sigmoid_derivative,tanh_derivative");
  for (int i = 0; results && i < POINTS; i++) {
    fprintf(results, "%.2f,%.9g,%.9g,%.9g,%.9g\n", x[i], y[i], derivative[0][i], derivative[1][i],
            derivative[2][i]);
  }
  close_results(o, "functions.csv", results);
}

/* Whether the test images can be put to a network that was trained on the others. */
static int check_match(const struct options *o, const struct dataset *train_data,
                       const struct dataset *test) {
  if (test->pixels != train_data->pixels) {
    warnx("%s: its images have %d pixels, those of %s have %d", o->test_images, test->pixels, o->train_images,
          train_data->pixels);
    return -1;
  }
  if (test->classes > train_data->classes) {
    warnx("%s: has the label %d, the largest in %s is %d", o->test_labels, test->classes - 1, o->train_labels,
          train_data->classes - 1);
    return -1;
  }
  return 0;
}

static int run(const struct options *o, const struct dataset *data, const struct dataset *test) {
  printf("fastrelu %s on %s; usable:", fastrelu_version(), fastrelu_isa());
  for (const char *const *isa = fastrelu_isa_list(); *isa; isa++) printf(" %s", *isa);
  printf("\n%zu images to train and %zu to test, %d pixels, %d classes\n", data->items, test->items,
         data->pixels, data->classes);
  if (o->compare) {
    compare_variants(o, data, test);
    return 0;
  }

  struct network network;
  struct training training;
  const struct activation *activation = activation_find(o->activation, o->code);
  start(&network, &training, data, o->hidden, o->hidden_layers, o->batch, o->rate, o->seed, activation);
  printf("%d", data->pixels);
  for (int l = 0; l < network.layers; l++) printf("-%d", network.layer[l].outputs);
  printf(" with %s (code: %s), %zu parameters\n\n", activation->name, activation->code, network.parameters);

  train(o, &training, &network, test);
  if (activation->gain > 0) show_activity(&training, &network);
  training_free(&training);
  network_free(&network);

  int result = 0;
  if (o->repeats > 0) result = show_isas(o, data);
  if (o->depth > 0) compare_depth(o, data, test);
  if (o->out) write_functions(o);
  return result;
}

int main(int argc, char **argv) {
  struct options options = {
      .train_images = FASTRELU_EXAMPLE_DATA "/digits-train-images.idx3-ubyte",
      .train_labels = FASTRELU_EXAMPLE_DATA "/digits-train-labels.idx1-ubyte",
      .test_images = FASTRELU_EXAMPLE_DATA "/digits-test-images.idx3-ubyte",
      .test_labels = FASTRELU_EXAMPLE_DATA "/digits-test-labels.idx1-ubyte",
      .hidden = {256, 128, 64},
      .hidden_layers = 3,
      .activation = "relu",
      .epochs = 20,
      .batch = 64,
      .depth = 10,
      .repeats = 5,
      .seed = 1,
  };
  parse_options(&options, argc, argv);

  struct dataset data = {0}, test = {0};
  int result = -1;
  if (dataset_read(&data, options.train_images, options.train_labels) == 0 &&
      dataset_read(&test, options.test_images, options.test_labels) == 0 &&
      check_match(&options, &data, &test) == 0) {
    result = run(&options, &data, &test);
  }
  dataset_free(&data);
  dataset_free(&test);
  if (fflush(stdout) == EOF || ferror(stdout)) {
    warnx("cannot write to standard output");
    result = -1;
  }
  return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
