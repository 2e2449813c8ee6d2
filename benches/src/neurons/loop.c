/* A plain loop for networks of iaf_psc_exp, as one would write it: the baseline of our engine. Reads a
 * network as benches/src/neurons/file.rs writes it, without the header, and prints the processor time
 * of the loop in s and the number of spikes. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct kind { double c, tau_m, el, vth, vreset, vm, tref, tex, tin, ie, p22, p21x, p21i, p20, p11x, p11i; long ref; };
static double p21(double ts, double tm, double c, double h) {
    double beta = ts * tm / (tm - ts);
    return beta / c * exp(-h / ts) * expm1(h * (tm - ts) / (ts * tm));
}
static void *take(FILE *f, size_t n, size_t size) {
    void *p = malloc(n * size + 8);
    if (!p || fread(p, size, n, f) != n) exit(3);
    return p;
}
int main(int argc, char **argv) {
    if (argc < 27) return 2;
    FILE *f = fopen(argv[1], "rb");
    if (!f) return 3;
    long skip = atol(argv[2]), n = atol(argv[3]), nex = atol(argv[4]), ns = atol(argv[5]), ne = atol(argv[6]), nt = atol(argv[7]), steps = atol(argv[8]);
    double h = 0.1;
    struct kind k[2];
    for (int i = 0; i < 2; i++) {
        char **a = argv + 9 + 9 * i;
        struct kind *q = &k[i];
        q->c = atof(a[0]); q->tau_m = atof(a[1]); q->el = -70.0; q->vth = atof(a[2]) - q->el; q->vreset = atof(a[3]) - q->el;
        q->vm = atof(a[4]) - q->el; q->tref = atof(a[5]); q->tex = atof(a[6]); q->tin = atof(a[7]); q->ie = atof(a[8]);
        q->p22 = exp(-h / q->tau_m); q->p20 = q->tau_m / q->c * (1 - q->p22);
        q->p11x = exp(-h / q->tex); q->p11i = exp(-h / q->tin);
        q->p21x = p21(q->tex, q->tau_m, q->c, h); q->p21i = p21(q->tin, q->tau_m, q->c, h);
        q->ref = (long)ceil(q->tref / h - 1e-9);
    }
    fseek(f, skip, SEEK_SET);
    uint32_t *src = take(f, ne, 4), *dst = take(f, ne, 4);
    double *w = take(f, ne, 8), *ms = take(f, ne, 8);
    free(take(f, ne, 4));
    uint32_t *tsrc = take(f, nt, 4);
    double *tms = take(f, nt, 8);
    long m = n + ns, L = 1;
    uint32_t *start = calloc(m + 2, 4), *tgt = malloc(ne * 4 + 8), *dly = malloc(ne * 4 + 8);
    double *wt = malloc(ne * 8 + 8);
    for (long e = 0; e < ne; e++) start[src[e] + 2]++;
    for (long i = 0; i <= m; i++) start[i + 1] += start[i];
    for (long e = 0; e < ne; e++) {
        uint32_t at = start[src[e] + 1]++;
        tgt[at] = dst[e]; wt[at] = w[e]; dly[at] = (uint32_t)floor(ms[e] * (1 / h) + 0.5);
        if (dly[at] + 1 > L) L = dly[at] + 1;
    }
    /* The sources' spikes by step. */
    uint32_t *ts = calloc(steps + 3, 4), *tv = malloc(nt * 4 + 8);
    long *st = malloc(nt * sizeof(long) + 8);
    for (long i = 0; i < nt; i++) { st[i] = (long)ceil(tms[i] / h - 1e-9); if (st[i] <= steps) ts[st[i] + 1]++; }
    for (long i = 0; i <= steps; i++) ts[i + 1] += ts[i];
    for (long i = 0; i < nt; i++) if (st[i] <= steps) tv[ts[st[i]]++] = tsrc[i];
    for (long i = steps; i > 0; i--) ts[i] = ts[i - 1];
    ts[0] = 0;
    double *v = malloc(n * 8), *ix = calloc(n, 8), *ii = calloc(n, 8), *rx = calloc(L * n, 8), *ri = calloc(L * n, 8);
    long *r = calloc(n, sizeof(long)), spikes = 0;
    for (long i = 0; i < n; i++) v[i] = k[i >= nex].vm;
    clock_t began = clock();
    for (long s = 0; s < steps; s++) {
        long now = s % L;
        /* Spikes with the time of s + 1 through d arrive in the row of s + d. */
        for (uint32_t j = ts[s + 1]; j < ts[s + 2]; j++)
            for (uint32_t e = start[tv[j]]; e < start[tv[j] + 1]; e++) {
                long row = now + dly[e];
                if (row >= L) row -= L;
                long at = row * n + tgt[e];
                if (wt[e] > 0) rx[at] += wt[e]; else ri[at] += wt[e];
            }
        double *x = rx + now * n, *y = ri + now * n;
        for (long i = 0; i < n; i++) {
            struct kind *q = &k[i >= nex];
            if (r[i] == 0) v[i] = v[i] * q->p22 + ix[i] * q->p21x + ii[i] * q->p21i + q->ie * q->p20;
            else r[i]--;
            ix[i] = ix[i] * q->p11x + x[i]; x[i] = 0;
            ii[i] = ii[i] * q->p11i + y[i]; y[i] = 0;
            if (v[i] >= q->vth) {
                v[i] = q->vreset; r[i] = q->ref; spikes++;
                for (uint32_t e = start[i]; e < start[i + 1]; e++) {
                    long row = now + dly[e];
                    if (row >= L) row -= L;
                    long at = row * n + tgt[e];
                    if (wt[e] > 0) rx[at] += wt[e]; else ri[at] += wt[e];
                }
            }
        }
    }
    printf("%.6f %ld\n", (double)(clock() - began) / CLOCKS_PER_SEC, spikes);
    return 0;
}
