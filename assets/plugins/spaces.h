// Which address space the guest is in: the page of its page table, from CR3. For x86-64 guests, and from version 2 on.
#ifndef FREEZEFRAME_SPACES_H
#define FREEZEFRAME_SPACES_H

#include <stdbool.h>
#include <stdint.h>

#include "plugin.h"
#include "progress.h"

enum { NO_SPACE = -1 };

// The space of the block that ends or began last; NO_SPACE where it is not known.
extern uint64_t space;

// Whether it can be known at all, with this QEMU and guest.
bool tells_spaces(void);
// To be called when a block is translated.
void watch_spaces(const struct block *block, struct qemu_plugin_tb *tb, const uint8_t *bytes);
// Whether the next block is in another one.
bool space_changes(void);
// To be called when a block begins.
void enter_space(void);

#endif
