#!/bin/bash
# Disassembles the release binary and fails when a function of the order path asks for memory, counts references, checks
# exclusivity or looks up type metadata at run time. Usage: scripts/hotpath.sh [BINARY]
set -euo pipefail
binary=${1:-.build/release/oms}
[ -x "$binary" ] || { echo "hotpath: $binary is not there: make build first" >&2; exit 2; }
command -v objdump >/dev/null || { echo "hotpath: objdump is missing (binutils)" >&2; exit 2; }

# Beginnings of demangled names, without the module.
hot='Core\.(newOrder|judge|judgeScopes|orderCase|value|exposure|funds|insert|sendNew|newRequest|emitOrder|count|uncount|countOpen|chargeRate|remeasure|link|unlink|venueEvent|orderEvent|accepted|fill|book|afterFill|move|finish|settle|freeSlot)\('
hot+='|PreTradeCheck\.|JournalAppender\.(append|publish)|MatchingBook\.(match|rest|remove)\('
hot+='|OrderIndex\.|FillIndex\.|DueHeap\.|StepLog\.(add|commit)|StepOutput\.(emit|request|reply)\('
banned='swift_retain|swift_release|swift_allocObject|swift_beginAccess|swift_slowAlloc|swift_bridgeObject|<malloc|<calloc|<realloc|<free|swift_getTypeByMangledName|swift_getGenericMetadata|__swift_instantiate'

objdump -d --no-show-raw-insn "$binary" | swift demangle --simplified | awk -v hot="$hot" -v banned="$banned" '
  /^[0-9a-f]+ <.*>:$/ {
    name = $0; sub(/^[0-9a-f]+ </, "", name); sub(/>:$/, "", name)
    plain = name; gsub(/OMSLib\./, "", plain)
    isHot = (plain ~ ("(^|[ .])(" hot ")"))
    # What is behind a failed precondition may do as it likes.
    if (plain ~ /outlined|merged|closure/) isHot = 0
    if (isHot) seen++
    next
  }
  isHot && /call/ && $0 ~ banned {
    target = $0; sub(/.*call[q]? */, "", target)
    print "hotpath: " plain ": calls " target
    bad++
  }
  END {
    if (seen == 0) { print "hotpath: none of the functions was found: is the binary stripped?"; exit 2 }
    print "hotpath: " seen " functions looked at, " bad + 0 " forbidden calls"
    exit bad > 0
  }'
