/* The machine that is measured, as the library and the operating system name it. */
#ifndef FASTRELU_BENCH_HOST_H
#define FASTRELU_BENCH_HOST_H

#include <string>

/* fastrelu_info on one line. */
std::string library_info();

std::string cpu_name();
std::string system_name();

#endif
