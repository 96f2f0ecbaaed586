/* SPDX-License-Identifier: Apache-2.0 */
/* Days are counted in years that begin in March, so that the day of a leap year is the last of one, and in eras of 400
 * such years, which have 146097 days each. 1970 began 719468 days after the first of March of year 0. */
#include "sign/sigv4.h"

#define DAY_SECONDS 86400
#define ERA_DAYS    146097
#define EPOCH_DAYS  719468

/* From the first of March to the first of the month that comes `month` months later. */
static int64_t days_before(int64_t month)
{
    return (153 * month + 2) / 5;
}

static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t from_march = month > 2 ? year : year - 1;
    int64_t era = from_march / 400, year_of_era = from_march % 400;

    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + days_before((month + 9) % 12) +
           day - 1 - EPOCH_DAYS;
}

static void put_number(char *at, int64_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
}

bool sigv4_date(char out[SIGV4_DATE_LEN], int64_t time)
{
    int64_t days, second, era, day_of_era, year_of_era, day_of_year, month;

    if (time < 0 || time > SIGV4_TIME_MAX)
        return false;
    days = time / DAY_SECONDS + EPOCH_DAYS;
    second = time % DAY_SECONDS;
    era = days / ERA_DAYS;
    day_of_era = days % ERA_DAYS;
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * day_of_year + 2) / 153;
    put_number(out, era * 400 + year_of_era + (month >= 10), 4);
    put_number(out + 4, (month + 2) % 12 + 1, 2);
    put_number(out + 6, day_of_year - days_before(month) + 1, 2);
    out[8] = 'T';
    put_number(out + 9, second / 3600, 2);
    put_number(out + 11, second / 60 % 60, 2);
    put_number(out + 13, second % 60, 2);
    out[15] = 'Z';
    return true;
}

static int64_t read_number(const uint8_t *at, int digits)
{
    int64_t number = 0;

    for (int i = 0; i < digits; i++)
        number = number * 10 + (at[i] - '0');
    return number;
}

bool sigv4_time(int64_t *out, struct bytes date)
{
    char again[SIGV4_DATE_LEN];
    int64_t days, time;

    if (date.len != SIGV4_DATE_LEN)
        return false;
    for (size_t i = 0; i < SIGV4_DATE_LEN; i++)
        if (i != 8 && i != 15 && (date.at[i] < '0' || date.at[i] > '9'))
            return false;
    days = days_of(read_number(date.at, 4), read_number(date.at + 4, 2), read_number(date.at + 6, 2));
    time = days * DAY_SECONDS + read_number(date.at + 9, 2) * 3600 + read_number(date.at + 11, 2) * 60 +
           read_number(date.at + 13, 2);
    /* What the calendar does not have, as the 31st of April, is written otherwise than it was read. */
    if (!sigv4_date(again, time) || memcmp(again, date.at, SIGV4_DATE_LEN) != 0)
        return false;
    *out = time;
    return true;
}
