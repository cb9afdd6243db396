#include "host.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "fastrelu.h"

extern "C" {
#include "table.h"
}

namespace {

const char unknown[] = "unknown";

std::string first_line(const char *path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && !line.empty() ? line : unknown;
}

/* The part after the `:` or `=` of the first line that begins with `key`. */
std::string value_in(const char *path, const std::string &key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const std::size_t begin = line.find_first_not_of(" \t:=\"", key.size());
    if (begin == std::string::npos) break;
    return line.substr(begin, line.find_last_not_of('"') + 1 - begin);
  }
  return unknown;
}

const char cpuinfo[] = "/proc/cpuinfo";

struct Model {
  unsigned family, first, last; /* models */
  const char *name;
};

const Model amd[] = {
    {0x17, 0x08, 0x08, "AMD Zen+"},  {0x17, 0x18, 0x18, "AMD Zen+"},  {0x17, 0x00, 0x2F, "AMD Zen"},
    {0x17, 0x30, 0xFF, "AMD Zen 2"}, {0x19, 0x00, 0x0F, "AMD Zen 3"}, {0x19, 0x20, 0x5F, "AMD Zen 3"},
    {0x19, 0x10, 0x1F, "AMD Zen 4"}, {0x19, 0x60, 0xAF, "AMD Zen 4"}, {0x1A, 0x00, 0x4F, "AMD Zen 5"},
    {0x1A, 0x60, 0x7F, "AMD Zen 5"},
};

/* Skylake-SP shares its model with two later ones: see microarchitecture(). */
const unsigned skylake_sp = 0x55;
const Model intel[] = {
    {6, 0x3C, 0x3C, "Intel Haswell"},        {6, 0x3F, 0x3F, "Intel Haswell"},
    {6, 0x45, 0x46, "Intel Haswell"},        {6, 0x3D, 0x3D, "Intel Broadwell"},
    {6, 0x47, 0x47, "Intel Broadwell"},      {6, 0x4F, 0x4F, "Intel Broadwell"},
    {6, 0x56, 0x56, "Intel Broadwell"},      {6, 0x4E, 0x4E, "Intel Skylake"},
    {6, 0x5E, 0x5E, "Intel Skylake"},        {6, skylake_sp, skylake_sp, "Intel Skylake-SP"},
    {6, 0x8E, 0x8E, "Intel Kaby Lake"},      {6, 0x9E, 0x9E, "Intel Kaby Lake"},
    {6, 0xA5, 0xA6, "Intel Comet Lake"},     {6, 0x6A, 0x6C, "Intel Ice Lake-SP"},
    {6, 0x7D, 0x7E, "Intel Ice Lake"},       {6, 0x8C, 0x8D, "Intel Tiger Lake"},
    {6, 0xA7, 0xA7, "Intel Rocket Lake"},    {6, 0x97, 0x97, "Intel Alder Lake"},
    {6, 0x9A, 0x9A, "Intel Alder Lake"},     {6, 0xB7, 0xB7, "Intel Raptor Lake"},
    {6, 0xBA, 0xBA, "Intel Raptor Lake"},    {6, 0xBF, 0xBF, "Intel Raptor Lake"},
    {6, 0xAA, 0xAC, "Intel Meteor Lake"},    {6, 0xBD, 0xBD, "Intel Lunar Lake"},
    {6, 0xC5, 0xC6, "Intel Arrow Lake"},     {6, 0x8F, 0x8F, "Intel Sapphire Rapids"},
    {6, 0xCF, 0xCF, "Intel Emerald Rapids"}, {6, 0xAD, 0xAE, "Intel Granite Rapids"},
    {6, 0xAF, 0xAF, "Intel Sierra Forest"},
};

/* The family is the implementer, the model the part number of MIDR_EL1. */
const Model arm[] = {
    {0x41, 0xD03, 0xD03, "Arm Cortex-A53"},   {0x41, 0xD05, 0xD05, "Arm Cortex-A55"},
    {0x41, 0xD07, 0xD07, "Arm Cortex-A57"},   {0x41, 0xD08, 0xD08, "Arm Cortex-A72"},
    {0x41, 0xD0B, 0xD0B, "Arm Cortex-A76"},   {0x41, 0xD0C, 0xD0C, "Arm Neoverse N1"},
    {0x41, 0xD40, 0xD40, "Arm Neoverse V1"},  {0x41, 0xD49, 0xD49, "Arm Neoverse N2"},
    {0x41, 0xD4F, 0xD4F, "Arm Neoverse V2"},  {0x41, 0xD84, 0xD84, "Arm Neoverse V3"},
    {0x41, 0xD8E, 0xD8E, "Arm Neoverse N3"},  {0x46, 0x001, 0x001, "Fujitsu A64FX"},
    {0xC0, 0xAC3, 0xAC3, "Ampere AmpereOne"}, {0xC0, 0xAC4, 0xAC4, "Ampere AmpereOne"},
};

template <std::size_t count>
const char *name_of(const Model (&models)[count], unsigned long family, unsigned long model) {
  const auto found = std::find_if(models, models + count, [=](const Model &m) {
    return m.family == family && m.first <= model && model <= m.last;
  });
  return found == models + count ? nullptr : found->name;
}

unsigned long number(const std::string &text) { return std::strtoul(text.c_str(), nullptr, 0); }

double seconds(const timeval &time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

std::string library_info() {
  std::string text(static_cast<std::size_t>(fastrelu_info(nullptr, 0)) + 1, '\0'), line;
  fastrelu_info(text.data(), text.size());
  text.resize(text.find_last_of('}') + 1);
  for (char c : text) {
    if (c == '\n') c = ' ';
    if (c != ' ' || line.back() != ' ') line += c;
  }
  return line;
}

/* The library's own is hidden: what its kernels know of the CPU those that are linked once more know too. */
int fastrelu_fetches_pages = library_info().find("\"fetches_pages\": true") != std::string::npos;

std::string cpu_name() {
  const std::string info = library_info(), key = "\"cpu\": \"";
  const std::size_t begin = info.find(key) + key.size();
  const std::string name = info.substr(begin, info.find('"', begin) - begin);
  return name.empty() ? microarchitecture() : name;
}

std::string microarchitecture() {
  const std::string vendor = value_in(cpuinfo, "vendor_id");
  if (vendor != unknown) {
    const std::string family = value_in(cpuinfo, "cpu family"), model = value_in(cpuinfo, "model");
    const char *name = vendor == "GenuineIntel" ? name_of(intel, number(family), number(model))
                                                : name_of(amd, number(family), number(model));
    if (vendor == "GenuineIntel" && number(model) == skylake_sp) {
      const unsigned long stepping = number(value_in(cpuinfo, "stepping"));
      if (stepping >= 10) return "Intel Cooper Lake";
      if (stepping >= 5) return "Intel Cascade Lake";
    }
    return name ? name : "family " + family + " model " + model;
  }
  const std::string implementer = value_in(cpuinfo, "CPU implementer"), part = value_in(cpuinfo, "CPU part");
  if (implementer == unknown) return unknown;
  const char *name = name_of(arm, number(implementer), number(part));
  return name ? name : "implementer " + implementer + " part " + part;
}

std::size_t usable_cores() {
#if defined(__linux__)
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<std::size_t>(CPU_COUNT(&cores));
#endif
  return static_cast<std::size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

std::uint64_t memory_bytes() {
  const std::uint64_t all =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  const std::uint64_t container = number(first_line("/sys/fs/cgroup/memory.max")); /* 0 of "max" */
  return container > 0 ? std::min(all, container) : all;
}

std::string virtual_machine() {
#if defined(__x86_64__) || defined(__i386__)
  const struct {
    const char *vendor, *name;
  } known[] = {{"KVMKVMKVM", "kvm"},           {"Linux KVM Hv", "kvm"},   {"VMwareVMware", "vmware"},
               {"Microsoft Hv", "hyper-v"},    {"XenVMMXenVMM", "xen"},   {"TCGTCGTCGTCG", "qemu"},
               {"VBoxVBoxVBox", "virtualbox"}, {"bhyve bhyve ", "bhyve"}, {"ACRNACRNACRN", "acrn"}};
  constexpr unsigned hypervisor = 1U << 31, vendor_leaf = 0x40000000;
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & hypervisor)) return "none";
  unsigned words[4] = {0, 0, 0, 0};
  __cpuid(vendor_leaf, a, words[0], words[1], words[2]);
  for (const auto &k : known) {
    if (std::strcmp(reinterpret_cast<const char *>(words), k.vendor) == 0) return k.name;
  }
  return "yes";
#else
  return first_line("/sys/hypervisor/type");
#endif
}

std::string kernel_name() {
  utsname name;
  if (uname(&name) != 0) return unknown;
  return std::string(name.sysname) + ' ' + name.release + ' ' + name.machine;
}

std::string system_name() { return value_in("/etc/os-release", "PRETTY_NAME"); }

std::string frequency_policy() { return first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"); }

Turbo turbo() {
  const std::string boost = first_line("/sys/devices/system/cpu/cpufreq/boost");
  if (boost != unknown) return boost == "0" ? Turbo::off : Turbo::on;
  const std::string no_turbo = first_line("/sys/devices/system/cpu/intel_pstate/no_turbo");
  if (no_turbo != unknown) return no_turbo == "1" ? Turbo::off : Turbo::on;
  return Turbo::unknown;
}

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

CpuTime cpu_time() {
  /* The first line sums over all cores: user, nice, system, idle iowait irq softirq steal. */
  std::ifstream file("/proc/stat");
  std::string cpu;
  double user = 0, niced = 0, system = 0, idle = 0, waiting = 0, irq = 0, softirq = 0, steal = 0;
  file >> cpu >> user >> niced >> system >> idle >> waiting >> irq >> softirq >> steal;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  rusage self;
  getrusage(RUSAGE_SELF, &self);
  return {(user + niced + system + irq + softirq) / ticks, steal / ticks,
          seconds(self.ru_utime) + seconds(self.ru_stime)};
}
