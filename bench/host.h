/* The machine that is measured, as the library and the operating system name it. What cannot be found out is
 * "unknown". */
#ifndef FASTRELU_BENCH_HOST_H
#define FASTRELU_BENCH_HOST_H

#include <cstddef>
#include <cstdint>
#include <string>

/* fastrelu_info on one line. */
std::string library_info();

std::string cpu_name();
std::string microarchitecture(); /* "AMD Zen 4", or "family 25 model 17" */
std::size_t usable_cores();      /* by this process */
std::uint64_t memory_bytes();    /* likewise */
std::string virtual_machine();   /* "kvm", "yes" where its name is not known, or "none" */
std::string kernel_name();
std::string system_name();

std::string frequency_policy(); /* the governor */
enum class Turbo { off, on, unknown };
Turbo turbo();

/* Processes that run or wait, over the last minute. */
double load_average();

/* What the machine did since it started, in seconds of one core, and what of it was this process. */
struct CpuTime {
  double busy, stolen, own;
};
CpuTime cpu_time();

#endif
