# What the kernels and their tests need of libraries when they are compiled for another processor: headers, and none
# of them compiled ones. Only these two folders are taken from this machine's include path; beside them lie headers of
# its own processor.
foreach(folder hwy catch2)
  find_path(${folder}_parent NAMES ${folder} PATHS /usr/include NO_DEFAULT_PATH REQUIRED)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/headers)
  file(CREATE_LINK ${${folder}_parent}/${folder} ${PROJECT_BINARY_DIR}/headers/${folder} SYMBOLIC)
endforeach()
add_library(headcount_highway STATIC tests/cross/highway.cpp)
target_include_directories(headcount_highway SYSTEM PUBLIC ${PROJECT_BINARY_DIR}/headers)
target_link_libraries(headcount_highway PRIVATE headcount_flags)
add_library(PkgConfig::hwy ALIAS headcount_highway)
add_library(headcount_catch INTERFACE)
target_include_directories(headcount_catch SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/headers)
add_library(Catch2::Catch2 ALIAS headcount_catch)
