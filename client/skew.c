/* SPDX-License-Identifier: Apache-2.0 */
#include "skew.h"

#include <curl/curl.h>

#define DIFFERENCE_S_MIN 240 /* less is no reason to refuse a signature */

void skew_init(struct skew *skew)
{
    atomic_init(&skew->ahead_s, 0);
    atomic_init(&skew->known, false);
}

bool skew_read_date(int64_t *out, const char *date)
{
    time_t time = date[0] == '\0' ? -1 : curl_getdate(date, NULL);

    *out = time;
    return time > 0;
}

static bool is_far(int64_t difference_s)
{
    return difference_s >= DIFFERENCE_S_MIN || difference_s <= -DIFFERENCE_S_MIN;
}

void skew_saw(struct skew *skew, int64_t date, int64_t now)
{
    if (!is_far(date - now - atomic_load(&skew->ahead_s)))
        atomic_store(&skew->known, true);
}

bool skew_is_blamed(struct bytes type)
{
    static const char *const names[] = {
        "AccessDeniedException", "AuthFailure",          "InvalidSignatureException", "RequestExpired",
        "RequestInTheFuture",    "RequestTimeTooSkewed", "SignatureDoesNotMatch",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bytes_equal_string(type, names[i]))
            return true;
    return false;
}

bool skew_correct(struct skew *skew, int64_t date, int64_t now, int64_t signed_ahead_s)
{
    if (!is_far(date - now - signed_ahead_s))
        return false;
    atomic_store(&skew->ahead_s, date - now);
    atomic_store(&skew->known, true);
    return true;
}
