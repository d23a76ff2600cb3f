# Run at build time by headcount_version_header; rewrites the header only when something changed.
execute_process(COMMAND git -C ${SOURCE_DIR} rev-parse HEAD OUTPUT_VARIABLE commit ERROR_QUIET
                OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE no_git)
set(dirty unavailable)
if(no_git)
  set(commit "unavailable: not a git checkout")
else()
  execute_process(COMMAND git -C ${SOURCE_DIR} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    set(dirty yes)
  else()
    set(dirty no)
  endif()
endif()
set(content "// Written by the build; do not edit.
#pragma once

namespace headcount::build {
inline constexpr char version[] = \"${VERSION}\";
inline constexpr char commit[] = \"${commit}\";
inline constexpr char dirty[] = \"${dirty}\";
inline constexpr char compiler[] = \"${COMPILER}\";
inline constexpr char flags[] = \"${FLAGS}\";
inline constexpr char build_type[] = \"${BUILD_TYPE}\";
inline constexpr char native[] = \"${NATIVE}\";
inline constexpr char source_dir[] = \"${SOURCE_DIR}\";
}  // namespace headcount::build
")
set(old "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} old)
endif()
if(NOT old STREQUAL content)
  file(WRITE ${OUTPUT} "${content}")
endif()
