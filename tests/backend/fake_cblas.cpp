// A CBLAS built like real ones: cblas_sgemm calls sgemm_, a name that every BLAS has. It counts its calls, and its
// products are off by FAKE_FACTOR, so that both tell which of two such libraries ran.
#include <atomic>

extern "C" {

int fake_calls() {
    static std::atomic<int> calls = 0;
    return calls++;
}

void sgemm_(const char* a_form, const char* b_form, const int* m, const int* n, const int* k, const float* alpha,
            const float* a, const int* lda, const float* b, const int* ldb, const float* beta, float* c,
            const int* ldc) {
    fake_calls();
    for (int i = 0; i < *m; ++i) {
        for (int j = 0; j < *n; ++j) {
            float sum = 0;
            for (int l = 0; l < *k; ++l) {
                sum += (*a_form == 'N' ? a[i * *lda + l] : a[l * *lda + i]) *
                       (*b_form == 'N' ? b[l * *ldb + j] : b[j * *ldb + l]);
            }
            c[i * *ldc + j] = FAKE_FACTOR * *alpha * sum + (*beta == 0 ? 0 : *beta * c[i * *ldc + j]);
        }
    }
}

void cblas_sgemm(int /*order*/, int a_form, int b_form, int m, int n, int k, float alpha, const float* a, int lda,
                 const float* b, int ldb, float beta, float* c, int ldc) {
    const char left = a_form == 111 ? 'N' : 'T', right = b_form == 111 ? 'N' : 'T';
    sgemm_(&left, &right, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc);
}

void cblas_dgemm() {}  // only has to be there
}
