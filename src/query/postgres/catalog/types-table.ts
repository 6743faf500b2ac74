// The types that Postgres 15 has for what columns here can be, and for what clients ask about; and the functions that pg_type
// names. One a line, words apart by blanks:
//   oid name length by-value kind category preferred element array align storage collation
//   input output receive send modifier-in modifier-out analyze subscript (oids of functions) shown-name (_ for blanks)
const typeLines = `
16 bool 1 t b B t 0 1000 c p 0 1242 1243 2436 2437 0 0 0 0 boolean
17 bytea -1 f b U f 0 1001 i x 0 1244 31 2412 2413 0 0 0 0 bytea
18 char 1 t b Z f 0 1002 c p 0 1245 33 2434 2435 0 0 0 0 "char"
19 name 64 f b S f 18 1003 c p 950 34 35 2422 2423 0 0 0 6180 name
20 int8 8 f b N f 0 1016 d p 0 460 461 2408 2409 0 0 0 0 bigint
21 int2 2 t b N f 0 1005 s p 0 38 39 2404 2405 0 0 0 0 smallint
22 int2vector -1 f b A f 21 1006 i p 0 40 41 2410 2411 0 0 0 6179 int2vector
23 int4 4 t b N f 0 1007 i p 0 42 43 2406 2407 0 0 0 0 integer
24 regproc 4 t b N f 0 1008 i p 0 44 45 2444 2445 0 0 0 0 regproc
25 text -1 f b S t 0 1009 i x 100 46 47 2414 2415 0 0 0 0 text
26 oid 4 t b N t 0 1028 i p 0 1798 1799 2418 2419 0 0 0 0 oid
27 tid 6 f b U f 0 1010 s p 0 48 49 2438 2439 0 0 0 0 tid
28 xid 4 t b U f 0 1011 i p 0 50 51 2440 2441 0 0 0 0 xid
29 cid 4 t b U f 0 1012 i p 0 52 53 2442 2443 0 0 0 0 cid
30 oidvector -1 f b A f 26 1013 i p 0 54 55 2420 2421 0 0 0 6179 oidvector
114 json -1 f b U f 0 199 i x 0 321 322 323 324 0 0 0 0 json
199 _json -1 f b A f 114 0 i x 0 750 751 2400 2401 0 0 3816 6179 json[]
650 cidr -1 f b I f 0 651 i m 0 1267 1427 2498 2499 0 0 0 0 cidr
700 float4 4 t b N f 0 1021 i p 0 200 201 2424 2425 0 0 0 0 real
701 float8 8 f b N t 0 1022 d p 0 214 215 2426 2427 0 0 0 0 double_precision
705 unknown -2 f p X f 0 0 c p 0 109 110 2416 2417 0 0 0 0 unknown
790 money 8 f b N f 0 791 d p 0 886 887 2492 2493 0 0 0 0 money
829 macaddr 6 f b U f 0 1040 i p 0 436 437 2494 2495 0 0 0 0 macaddr
869 inet -1 f b I t 0 1041 i m 0 910 911 2496 2497 0 0 0 0 inet
1000 _bool -1 f b A f 16 0 i x 0 750 751 2400 2401 0 0 3816 6179 boolean[]
1001 _bytea -1 f b A f 17 0 i x 0 750 751 2400 2401 0 0 3816 6179 bytea[]
1002 _char -1 f b A f 18 0 i x 0 750 751 2400 2401 0 0 3816 6179 "char"[]
1003 _name -1 f b A f 19 0 i x 950 750 751 2400 2401 0 0 3816 6179 name[]
1005 _int2 -1 f b A f 21 0 i x 0 750 751 2400 2401 0 0 3816 6179 smallint[]
1006 _int2vector -1 f b A f 22 0 i x 0 750 751 2400 2401 0 0 3816 6179 int2vector[]
1007 _int4 -1 f b A f 23 0 i x 0 750 751 2400 2401 0 0 3816 6179 integer[]
1009 _text -1 f b A f 25 0 i x 100 750 751 2400 2401 0 0 3816 6179 text[]
1013 _oidvector -1 f b A f 30 0 i x 0 750 751 2400 2401 0 0 3816 6179 oidvector[]
1014 _bpchar -1 f b A f 1042 0 i x 100 750 751 2400 2401 2913 2914 3816 6179 character[]
1015 _varchar -1 f b A f 1043 0 i x 100 750 751 2400 2401 2915 2916 3816 6179 character_varying[]
1016 _int8 -1 f b A f 20 0 d x 0 750 751 2400 2401 0 0 3816 6179 bigint[]
1021 _float4 -1 f b A f 700 0 i x 0 750 751 2400 2401 0 0 3816 6179 real[]
1022 _float8 -1 f b A f 701 0 d x 0 750 751 2400 2401 0 0 3816 6179 double_precision[]
1028 _oid -1 f b A f 26 0 i x 0 750 751 2400 2401 0 0 3816 6179 oid[]
1033 aclitem 16 f b U f 0 1034 d p 0 1031 1032 0 0 0 0 0 0 aclitem
1034 _aclitem -1 f b A f 1033 0 d x 0 750 751 2400 2401 0 0 3816 6179 aclitem[]
1042 bpchar -1 f b S f 0 1014 i x 100 1044 1045 2430 2431 2913 2914 0 0 character
1043 varchar -1 f b S f 0 1015 i x 100 1046 1047 2432 2433 2915 2916 0 0 character_varying
1082 date 4 t b D f 0 1182 i p 0 1084 1085 2468 2469 0 0 0 0 date
1083 time 8 f b D f 0 1183 d p 0 1143 1144 2470 2471 2909 2910 0 0 time_without_time_zone
1114 timestamp 8 f b D f 0 1115 d p 0 1312 1313 2474 2475 2905 2906 0 0 timestamp_without_time_zone
1115 _timestamp -1 f b A f 1114 0 d x 0 750 751 2400 2401 2905 2906 3816 6179 timestamp_without_time_zone[]
1182 _date -1 f b A f 1082 0 i x 0 750 751 2400 2401 0 0 3816 6179 date[]
1183 _time -1 f b A f 1083 0 d x 0 750 751 2400 2401 2909 2910 3816 6179 time_without_time_zone[]
1184 timestamptz 8 f b D t 0 1185 d p 0 1150 1151 2476 2477 2907 2908 0 0 timestamp_with_time_zone
1185 _timestamptz -1 f b A f 1184 0 d x 0 750 751 2400 2401 2907 2908 3816 6179 timestamp_with_time_zone[]
1186 interval 16 f b T t 0 1187 d p 0 1160 1161 2478 2479 2903 2904 0 0 interval
1187 _interval -1 f b A f 1186 0 d x 0 750 751 2400 2401 2903 2904 3816 6179 interval[]
1231 _numeric -1 f b A f 1700 0 i x 0 750 751 2400 2401 2917 2918 3816 6179 numeric[]
1266 timetz 12 f b D f 0 1270 d p 0 1350 1351 2472 2473 2911 2912 0 0 time_with_time_zone
1270 _timetz -1 f b A f 1266 0 d x 0 750 751 2400 2401 2911 2912 3816 6179 time_with_time_zone[]
1700 numeric -1 f b N f 0 1231 i m 0 1701 1702 2460 2461 2917 2918 0 0 numeric
2205 regclass 4 t b N f 0 2210 i p 0 2218 2219 2452 2453 0 0 0 0 regclass
2206 regtype 4 t b N f 0 2211 i p 0 2220 2221 2454 2455 0 0 0 0 regtype
2210 _regclass -1 f b A f 2205 0 i x 0 750 751 2400 2401 0 0 3816 6179 regclass[]
2211 _regtype -1 f b A f 2206 0 i x 0 750 751 2400 2401 0 0 3816 6179 regtype[]
2249 record -1 f p P f 0 2287 d x 0 2290 2291 2402 2403 0 0 0 0 record
2275 cstring -2 f p P f 0 1263 c p 0 2292 2293 2500 2501 0 0 0 0 cstring
2276 any 4 t p P f 0 0 i p 0 2294 2295 0 0 0 0 0 0 "any"
2277 anyarray -1 f p P f 0 0 d x 0 2296 2297 2502 2503 0 0 0 0 anyarray
2278 void 4 t p P f 0 0 i p 0 2298 2299 3120 3121 0 0 0 0 void
2283 anyelement 4 t p P f 0 0 i p 0 2312 2313 0 0 0 0 0 0 anyelement
2287 _record -1 f p P f 2249 0 d x 0 750 751 2400 2401 0 0 3816 6179 record[]
2950 uuid 16 f b U f 0 2951 c p 0 2952 2953 2961 2962 0 0 0 0 uuid
2951 _uuid -1 f b A f 2950 0 i x 0 750 751 2400 2401 0 0 3816 6179 uuid[]
3802 jsonb -1 f b U f 0 3807 i x 0 3806 3804 3805 3803 0 0 0 6098 jsonb
3807 _jsonb -1 f b A f 3802 0 i x 0 750 751 2400 2401 0 0 3816 6179 jsonb[]
4089 regnamespace 4 t b N f 0 4090 i p 0 4084 4085 4087 4088 0 0 0 0 regnamespace
4096 regrole 4 t b N f 0 4097 i p 0 4098 4092 4094 4095 0 0 0 0 regrole`

/** oid name result arguments */
const functionLines = `
31 byteaout 2275 17
33 charout 2275 18
34 namein 19 2275
35 nameout 2275 19
38 int2in 21 2275
39 int2out 2275 21
40 int2vectorin 22 2275
41 int2vectorout 2275 22
42 int4in 23 2275
43 int4out 2275 23
44 regprocin 24 2275
45 regprocout 2275 24
46 textin 25 2275
47 textout 2275 25
48 tidin 27 2275
49 tidout 2275 27
50 xidin 28 2275
51 xidout 2275 28
52 cidin 29 2275
53 cidout 2275 29
54 oidvectorin 30 2275
55 oidvectorout 2275 30
109 unknownin 705 2275
110 unknownout 2275 705
200 float4in 700 2275
201 float4out 2275 700
214 float8in 701 2275
215 float8out 2275 701
321 json_in 114 2275
322 json_out 2275 114
323 json_recv 114 2281
324 json_send 17 114
436 macaddr_in 829 2275
437 macaddr_out 2275 829
460 int8in 20 2275
461 int8out 2275 20
750 array_in 2277 2275,26,23
751 array_out 2275 2277
886 cash_in 790 2275
887 cash_out 2275 790
910 inet_in 869 2275
911 inet_out 2275 869
1031 aclitemin 1033 2275
1032 aclitemout 2275 1033
1044 bpcharin 1042 2275,26,23
1045 bpcharout 2275 1042
1046 varcharin 1043 2275,26,23
1047 varcharout 2275 1043
1084 date_in 1082 2275
1085 date_out 2275 1082
1143 time_in 1083 2275,26,23
1144 time_out 2275 1083
1150 timestamptz_in 1184 2275,26,23
1151 timestamptz_out 2275 1184
1160 interval_in 1186 2275,26,23
1161 interval_out 2275 1186
1242 boolin 16 2275
1243 boolout 2275 16
1244 byteain 17 2275
1245 charin 18 2275
1267 cidr_in 650 2275
1312 timestamp_in 1114 2275,26,23
1313 timestamp_out 2275 1114
1350 timetz_in 1266 2275,26,23
1351 timetz_out 2275 1266
1427 cidr_out 2275 650
1701 numeric_in 1700 2275,26,23
1702 numeric_out 2275 1700
1798 oidin 26 2275
1799 oidout 2275 26
2218 regclassin 2205 2275
2219 regclassout 2275 2205
2220 regtypein 2206 2275
2221 regtypeout 2275 2206
2290 record_in 2249 2275,26,23
2291 record_out 2275 2249
2292 cstring_in 2275 2275
2293 cstring_out 2275 2275
2294 any_in 2276 2275
2295 any_out 2275 2276
2296 anyarray_in 2277 2275
2297 anyarray_out 2275 2277
2298 void_in 2278 2275
2299 void_out 2275 2278
2312 anyelement_in 2283 2275
2313 anyelement_out 2275 2283
2400 array_recv 2277 2281,26,23
2401 array_send 17 2277
2402 record_recv 2249 2281,26,23
2403 record_send 17 2249
2404 int2recv 21 2281
2405 int2send 17 21
2406 int4recv 23 2281
2407 int4send 17 23
2408 int8recv 20 2281
2409 int8send 17 20
2410 int2vectorrecv 22 2281
2411 int2vectorsend 17 22
2412 bytearecv 17 2281
2413 byteasend 17 17
2414 textrecv 25 2281
2415 textsend 17 25
2416 unknownrecv 705 2281
2417 unknownsend 17 705
2418 oidrecv 26 2281
2419 oidsend 17 26
2420 oidvectorrecv 30 2281
2421 oidvectorsend 17 30
2422 namerecv 19 2281
2423 namesend 17 19
2424 float4recv 700 2281
2425 float4send 17 700
2426 float8recv 701 2281
2427 float8send 17 701
2430 bpcharrecv 1042 2281,26,23
2431 bpcharsend 17 1042
2432 varcharrecv 1043 2281,26,23
2433 varcharsend 17 1043
2434 charrecv 18 2281
2435 charsend 17 18
2436 boolrecv 16 2281
2437 boolsend 17 16
2438 tidrecv 27 2281
2439 tidsend 17 27
2440 xidrecv 28 2281
2441 xidsend 17 28
2442 cidrecv 29 2281
2443 cidsend 17 29
2444 regprocrecv 24 2281
2445 regprocsend 17 24
2452 regclassrecv 2205 2281
2453 regclasssend 17 2205
2454 regtyperecv 2206 2281
2455 regtypesend 17 2206
2460 numeric_recv 1700 2281,26,23
2461 numeric_send 17 1700
2468 date_recv 1082 2281
2469 date_send 17 1082
2470 time_recv 1083 2281,26,23
2471 time_send 17 1083
2472 timetz_recv 1266 2281,26,23
2473 timetz_send 17 1266
2474 timestamp_recv 1114 2281,26,23
2475 timestamp_send 17 1114
2476 timestamptz_recv 1184 2281,26,23
2477 timestamptz_send 17 1184
2478 interval_recv 1186 2281,26,23
2479 interval_send 17 1186
2492 cash_recv 790 2281
2493 cash_send 17 790
2494 macaddr_recv 829 2281
2495 macaddr_send 17 829
2496 inet_recv 869 2281
2497 inet_send 17 869
2498 cidr_recv 650 2281
2499 cidr_send 17 650
2500 cstring_recv 2275 2281
2501 cstring_send 17 2275
2502 anyarray_recv 2277 2281
2503 anyarray_send 17 2277
2903 intervaltypmodin 23 1263
2904 intervaltypmodout 2275 23
2905 timestamptypmodin 23 1263
2906 timestamptypmodout 2275 23
2907 timestamptztypmodin 23 1263
2908 timestamptztypmodout 2275 23
2909 timetypmodin 23 1263
2910 timetypmodout 2275 23
2911 timetztypmodin 23 1263
2912 timetztypmodout 2275 23
2913 bpchartypmodin 23 1263
2914 bpchartypmodout 2275 23
2915 varchartypmodin 23 1263
2916 varchartypmodout 2275 23
2917 numerictypmodin 23 1263
2918 numerictypmodout 2275 23
2952 uuid_in 2950 2275
2953 uuid_out 2275 2950
2961 uuid_recv 2950 2281
2962 uuid_send 17 2950
3120 void_recv 2278 2281
3121 void_send 17 2278
3803 jsonb_send 17 3802
3804 jsonb_out 2275 3802
3805 jsonb_recv 3802 2281
3806 jsonb_in 3802 2275
3816 array_typanalyze 16 2281
4084 regnamespacein 4089 2275
4085 regnamespaceout 2275 4089
4087 regnamespacerecv 4089 2281
4088 regnamespacesend 17 4089
4092 regroleout 2275 4096
4094 regrolerecv 4096 2281
4095 regrolesend 17 4096
4098 regrolein 4096 2275
6098 jsonb_subscript_handler 2281 2281
6179 array_subscript_handler 2281 2281
6180 raw_array_subscript_handler 2281 2281`

export interface TypeRow {
  readonly oid: number
  readonly name: string
  readonly length: number
  readonly isByValue: boolean
  readonly kind: string
  readonly category: string
  readonly isPreferred: boolean
  readonly element: number
  readonly array: number
  readonly align: string
  readonly storage: string
  readonly collation: number
  /** Oids of input, output, receive, send, modifier in, modifier out, analyze, subscript. */
  readonly functions: readonly number[]
  /** As format_type writes it, without a modifier. */
  readonly shown: string
}

export interface FunctionRow {
  readonly oid: number
  readonly name: string
  readonly result: number
  readonly parameters: readonly number[]
}

export const typeRows: readonly TypeRow[] = linesOf(typeLines).map((line) => {
  const words = line.split(' ')
  const at = (index: number): string => words[index] ?? ''
  return {
    oid: Number(at(0)),
    name: at(1),
    length: Number(at(2)),
    isByValue: at(3) === 't',
    kind: at(4),
    category: at(5),
    isPreferred: at(6) === 't',
    element: Number(at(7)),
    array: Number(at(8)),
    align: at(9),
    storage: at(10),
    collation: Number(at(11)),
    functions: words.slice(12, 20).map(Number),
    shown: at(20).replaceAll('_', ' '),
  }
})

export const functionRows: readonly FunctionRow[] = linesOf(functionLines).map((line) => {
  const [oid, name = '', result, parameters = ''] = line.split(' ')
  return {
    oid: Number(oid),
    name,
    result: Number(result),
    parameters: parameters === '' ? [] : parameters.split(',').map(Number),
  }
})

export const typesByOid: ReadonlyMap<number, TypeRow> = new Map(typeRows.map((row) => [row.oid, row]))

/** By its own name, and as it is shown. */
export const typesByName: ReadonlyMap<string, TypeRow> = new Map(
  typeRows.flatMap((row): [string, TypeRow][] => [
    [row.shown, row],
    [row.name, row],
  ]),
)

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
