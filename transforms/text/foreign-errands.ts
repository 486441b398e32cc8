/**
 * What people arrange with each other in German, French and Spanish: verbs and things of everyday errands, none of
 * them a usual name. With these a request in another language stays readable while everything unknown is masked.
 * Written for this project.
 */
const GERMAN = `
abholen abgeholt abgesagt absagen anmelden anrufst anschauen ansehen antworten antwort aufräumen aufsperren ausdrucken
ausfüllen backen backt bedanken beamer beantragen bestätigen bestelle bestellen bestellt bezahle bezahlen bezahlt bild
bilder brief briefe bringe bringen bringst bringt brot buche buchen buchst bucht chef datei denkst dokument dokumente
dringend drucken druckt eintritt einkauf einladen einladung entscheiden entschieden erinnere erinnern erinnert
erledige erledigen erledigt feier fehlt ferien flug foto fotos fragebogen füttern füttere gebe gebucht geburtstag
gekauft gemüse geschenk geschickt geschrieben getränke gießen gieße halle heizung hol hole holst holt hotel hund idee
kaffee kalender katze kaution keller kiste kindergarten klären koche kochen konzert kosten küche kuchen kümmere
kümmern kümmert kündigen laptop lade laden lädt leihen leitest liste lösche löschen mail meeting meldet meldest melden
miete mieter mitbringen mitgebracht mitnehmen möbel müll nächste nächsten nächster nächstes nehm nehme nehmen nimm
nimmst nimmt offen oma onkel opa ordner organisieren paket parkplatz pizza plan planen präsentation preis projekt
protokoll prüfe prüfen putzen putze quittung reifen reise reparieren repariert reservieren reserviere reserviert
rezept salat samstags schlüssel schickt schreibst schuhe sitzung spazieren sport steuer tante tasche telefonieren
termine test ticket tickets tisch torte treff treffe überlegen überweise überweist übernehme übernehmen übernimmt
umzug unterschreiben unterschrift urlaub vergessen vergiss vermieter verschieben verschoben versicherung vertrag
vorbereiten vorschlag wäsche wasser wein weiterleiten werkstatt wetter zahle zahlt zeigen zeug zettel zimmer zug züge
zusagen zutaten anschließend ausgemacht ausmachen besprechen besprochen einverstanden geklärt herr herrn schau schaust
schaffe schaffen schafft bescheid`;

const FRENCH = `
achat acheté affaire affaires affiche affiches agenda allée amener amène amis anniversaire annuler annulé apporte
apportes assurance attends attendre avance avion billet billets boire boissons bouteille bouteilles bureau cadeau
cadeaux café cantine carton chaise chambre chat chaussures chercher chien clé clés clef cinéma colis commande
commander compris concert confirme confirmer connais contrat copie copine copain courrier courses cuisine cuisiner
décidé décider déménagement dentiste déposer devis devrais dîner document documents donner dossier douche école enfant
entendu envoyez essaie essayer étage évier exposé faut fête feu fichier fichiers fleurs formulaire frais frigo fruits
garage gare gâteau genre gosses grève groupe horaire horaires hôtel idée imprimer imprime imprimé inscription inviter
invités jardin jouer laver légumes lettre lien liste livre livres loyer machine magasin maman mamie manger marché
marche médecin message métro mail meubles montrer moteur nettoyer nettoie nom noter noté notes occupe occuper occupé
oublie oublier oublié outil pain panne papa papier papiers papy parfait parking partie passer passe passeport payé
permis pharmacie photo photos place plan plombier plein possible poste poubelle poubelles pourrais pourrait pourriez
prêt prêter préparer prépare prévenir prévu problème projet prochaines promis quoi ramener ramène rangé ranger rappelé
récupérer régler regarder réparer repas répondre réponse réserve réserver réservé réservation ressources restaurant
retard retour réussi réveil route salle salon samedi santé serais signer signé sœur sûr sortie souci soleil super
table tard taxi téléphoner temps tente terminer terminé ticket toit train tranquille urgent vacances vaisselle valise
vélo vendre verre viande virement visite vite voit voiture voyage week-end`;

const SPANISH = `
abierto abogado abrir aceite acuerdo acuérdate alquiler amigo amigos anoche apuntada apuntado apunta armario arreglar
aún avisar avión ayuda ayudar banco baño barato basura bebida bebidas bebé beber billete billetes bolsa bolsas boda
botella cafetería caja cajas cama cambiar cambio camión carne carpeta carta cena cenar cerrar cerveza cervezas cita
claro clase coche cocina cocinar coge coger colegio comida comida compra compro compras comprado concierto confirmar
confirmo contrato copia correo cuadro cuarto cuesta cuidado cumpleaños decidido decidir deberes dejar deja dentista
deporte desayuno despacho documento documentos doctor domingo dormir ducha echar edificio ejemplo encargo encargar
ensalada entrada entradas entregar entrego envío escuela escribir espera esperar examen factura facturas falta familia
favor fecha fiesta fin finde firma firmar flores formulario foto fotos fruta fuera ganas gato gasto gastos gimnasio
grupo guardar habitación hermano hermana hijo hijos hotel huevos idea imprimir imprime imprimo informe invitados
invitar jardín juego juegos junta lavar lavadora leche leer libro libros limpiar limpio limpia lista listo llave
llaves llegar llego lleva llevar llevo maleta manera mando maestro madre médico mensaje mercado mesa metro mueble
muebles móvil mudanza notas novia novio nota nevera ocupado ocupo oficina olvida olvides olvidar olvidado paga pago
papel papeles paquete padre pan parking partido pasaporte película pedido pedir peluquería pensar perdón perro pescado
piso pizza plan plazo podrías podría postre precio preguntar prepara preparar preparo presupuesto problema profesor
próxima próximo proyecto puerta quedar quedamos recado receta recibo recoge recoger recojo recordar recuerda refrescos
regalo regalos reserva reservar reservo respuesta restaurante retraso ropa saca sacar salón salida seguro silla sitio
suelo supermercado taller tarea tareas tarta taxi termina terminar termino terminado tienda tía tío tráfico traer trae
traes traigo tren vacaciones vale vecino vecinos vender verduras viaje viernes vino visita vuelo vuelta zapatos`;

export const FOREIGN_ERRAND_WORDS = `${GERMAN}${FRENCH}${SPANISH}`;
