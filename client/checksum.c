/* SPDX-License-Identifier: Apache-2.0 */
#include "checksum.h"

#define POLYNOMIAL 0xEDB88320U /* 0x04C11DB7, its bits reversed */

void checksum_tables_init(struct checksum_tables *tables)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
        tables->at[0][i] = crc;
    }
    /* at[k][i]: byte i with k zero bytes behind it. */
    for (int k = 1; k < 8; k++)
        for (uint32_t i = 0; i < 256; i++)
            tables->at[k][i] = (tables->at[k - 1][i] >> 8) ^ tables->at[0][tables->at[k - 1][i] & 0xFF];
}

static uint32_t read_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint32_t checksum_of(const struct checksum_tables *tables, struct bytes data)
{
    const uint32_t(*t)[256] = tables->at;
    const uint8_t *at = data.at;
    uint32_t crc = 0xFFFFFFFFU;
    size_t left = data.len;

    for (; left >= 8; left -= 8, at += 8) {
        uint32_t low = read_le32(at) ^ crc, high = read_le32(at + 4);

        crc = t[7][low & 0xFF] ^ t[6][(low >> 8) & 0xFF] ^ t[5][(low >> 16) & 0xFF] ^ t[4][low >> 24] ^
              t[3][high & 0xFF] ^ t[2][(high >> 8) & 0xFF] ^ t[1][(high >> 16) & 0xFF] ^ t[0][high >> 24];
    }
    for (; left > 0; left--)
        crc = (crc >> 8) ^ t[0][(crc ^ *at++) & 0xFF];
    return ~crc;
}

bool checksum_agrees(const struct checksum_tables *tables, const char *text, struct bytes data)
{
    uint64_t said = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 11; digits++)
        said = said * 10 + (uint64_t)(text[digits] - '0');
    return digits > 0 && text[digits] == '\0' && said == checksum_of(tables, data);
}
