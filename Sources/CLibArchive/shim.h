// libarchive: https://github.com/libarchive/libarchive/wiki
#pragma once
#include <archive.h>
#include <archive_entry.h>
