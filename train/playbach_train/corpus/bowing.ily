% Included before a score: for each MIDI file that is made, what its notes have of slurs and trills.
%
% Printed are a line for each score, in the order of the MIDI files, and one for each note: the
% time in whole notes, semitones from middle C, whether a slur leads to it from the notes before in
% its voice, whether it has a trill.

#(define (playbach-bowing context)
  (let ((is-open #f) (starts #f) (stops #f) (has-trill #f) (notes '()))
   (make-performer
    (listeners
     ((note-event performer event) (set! notes (cons event notes)))
     ((slur-event performer event)
      (if (= START (ly:event-property event 'span-direction))
       (set! starts #t)
       (set! stops #t)))
     ((articulation-event performer event)
      (if (memq (ly:event-property event 'articulation-type) '(trill prall))
       (set! has-trill #t))))
    ((process-music performer)
     (let ((now (ly:context-current-moment context)))
      ;; Grace notes have no time of their own.
      (if (zero? (ly:moment-grace now))
       (for-each
        (lambda (event)
         (format #t "playbach-note ~a ~a ~a ~a\n"
          (ly:moment-main now)
          (ly:pitch-semitones (ly:event-property event 'pitch))
          (if (eq? is-open #t) 1 0)
          (if has-trill 1 0)))
        notes))))
    ((stop-translation-timestep performer)
     (let ((is-grace (not (zero? (ly:moment-grace (ly:context-current-moment context))))))
      ;; A slur that a grace note begins leads on from the note after it.
      (if (and (not is-grace) (eq? is-open 'from-grace) (pair? notes)) (set! is-open #t))
      (if stops (set! is-open #f))
      (if starts (set! is-open (if is-grace 'from-grace #t))))
     (set! starts #f)
     (set! stops #f)
     (set! has-trill #f)
     (set! notes '())))))

#(define (playbach-score context)
  (make-performer ((initialize performer) (display "playbach-score\n"))))

\midi {
  \context { \Voice \consists #playbach-bowing }
  \context { \Score \consists #playbach-score }
}
