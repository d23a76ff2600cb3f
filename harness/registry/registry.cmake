# headcount_registry(TARGET lib FOLDER dir TYPE Variant NAMESPACE variants LIST all_variants HEADER variants/all.hpp)
#
# Adds every .cpp of FOLDER to TARGET, and a generated source that references `Type name()` in
# headcount::NAMESPACE for each file name.cpp. A static library so drops nothing, no initialisation order is
# involved, and a file whose function has another name fails at link.
function(headcount_registry)
  cmake_parse_arguments(arg "" "TARGET;FOLDER;TYPE;NAMESPACE;LIST;HEADER" "" ${ARGN})
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FOLDER}/*.cpp)
  set(declarations "")
  set(entries "")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    string(APPEND declarations "${arg_TYPE} ${name}();\n")
    string(APPEND entries "        {\"${name}\", ${arg_NAMESPACE}::${name}()},\n")
  endforeach()
  set(generated ${PROJECT_BINARY_DIR}/registry/${arg_LIST}.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT "// Generated from the files of ${arg_FOLDER}/; do not edit.
#include \"${arg_HEADER}\"

namespace headcount {
namespace ${arg_NAMESPACE} {
${declarations}}  // namespace ${arg_NAMESPACE}

const std::vector<Named<${arg_TYPE}>>& ${arg_LIST}() {
    static const std::vector<Named<${arg_TYPE}>> all{
${entries}    };
    return all;
}

}  // namespace headcount
")
  target_sources(${arg_TARGET} PRIVATE ${files} ${generated})
endfunction()
