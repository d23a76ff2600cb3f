# headcount_verbs(TARGET lib): compiles every verb of this folder into TARGET, a few sources of them. Who calls a verb
# then does not, however it is optimised; what this does not find is missed when the program is linked. A verb is a struct
# that begins with its kName, or `using Name = Elementwise...<Function>`.
set(verbs_folder ${CMAKE_CURRENT_LIST_DIR})

function(headcount_verbs)
  cmake_parse_arguments(arg "" "TARGET" "" ${ARGN})
  file(GLOB headers CONFIGURE_DEPENDS ${verbs_folder}/*.hpp)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${headers})
  set(sources 4)
  foreach(header IN LISTS headers)
    file(STRINGS ${header} lines REGEX "^struct |^using |kName = ")
    set(verbs "")
    set(struct "")
    foreach(line IN LISTS lines)
      if(line MATCHES "^struct ([A-Za-z0-9]+)|^using ([A-Za-z0-9]+) = Elementwise")
        set(struct ${CMAKE_MATCH_1})
        set(verb ${CMAKE_MATCH_2})
      elseif(struct AND line MATCHES "kName = \"[a-z0-9_]+\";")
        set(verb ${struct})
      endif()
      if(verb)
        list(APPEND verbs ${verb})
      endif()
      set(verb "")
    endforeach()
    if(verbs)
      file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${header})
      # By its own name, so that a new verb changes one source only.
      get_filename_component(name ${header} NAME_WE)
      string(SHA256 digits ${name})
      string(SUBSTRING ${digits} 0 1 digit)
      math(EXPR source "0x${digit} % ${sources}")
      string(APPEND includes_${source} "#include \"${path}\"\n")
      foreach(verb IN LISTS verbs)
        string(APPEND instances_${source} "template const VerbType& verb_type<${verb}>();\n")
      endforeach()
    endif()
  endforeach()
  math(EXPR last "${sources} - 1")
  foreach(number RANGE ${last})
    set(generated ${PROJECT_BINARY_DIR}/verbs/verbs_${number}.cpp)
    file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT "// Generated from the files of harness/backend/verbs/; do not edit.
#include \"harness/backend/backend.hpp\"
#include \"harness/backend/verbs/verb_type.hpp\"
${includes_${number}}
namespace headcount {
${instances_${number}}}  // namespace headcount
")
    target_sources(${arg_TARGET} PRIVATE ${generated})
  endforeach()
endfunction()
